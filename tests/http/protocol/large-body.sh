#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A body over 64 KiB is refused with 413, and the connection closed.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
next='GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n'

ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n$next"
is "$STATUSES" 413 "by its length, before it comes"
like "$RC" '^[04]$' "closed"

# 70000 bytes that would be requests.
{
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
	for _ in $(seq 70); do
		printf '3e8\r\n'
		{ for _ in $(seq 25); do printf 'GET /a.bin HTTP/1.1\r\nHost: xxxxxxxxxxxxx\r\n\r\n'; done; } | head -c 1000
		printf '\r\n'
	done
	printf '0\r\n\r\n'
} | wire >"$DIR/reply"
like "$?" '^[04]$' "in chunks: closed"
like "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" '^(413)?$' "and nothing in it was served"
get /a.bin
is "$STATUS" 200 "others are served"
finish
