#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A request body of more than 64 KiB is answered with 413 and the connection is closed.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
next='GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n'

ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n$next"
is "$STATUSES" 413 "the request is rejected because of its length, before the body arrives"
like "$RC" '^[04]$' "the connection is closed"

# The chunks contain 70,000 bytes that look like requests.
{
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
	for _ in $(seq 70); do
		printf '3e8\r\n'
		{ for _ in $(seq 25); do printf 'GET /a.bin HTTP/1.1\r\nHost: xxxxxxxxxxxxx\r\n\r\n'; done; } | head -c 1000
		printf '\r\n'
	done
	printf '0\r\n\r\n'
} | wire >"$DIR/reply"
like "$?" '^[04]$' "the connection with a large chunked body is closed"
like "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" '^(413)?$' "nothing in the body is interpreted as a request"
get /a.bin
is "$STATUS" 200 "other clients are served"
finish
