#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A request whose length is ambiguous is rejected and the connection is closed. The following bytes are not interpreted
# as a request.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged
# libmicrohttpd 1.0 rejects unknown codings itself.
coding=501
! since_mhd_1 || coding=400
next='GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n'

refused() { # STATUS NAME FIELDS BODY
	ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$3\r\n$4$next"
	is "$STATUSES $RC" "$1 $RC" "$2: the status is $1, and there is no other response"
	like "$RC" '^[04]$' "$2: the connection is closed"
}

refused 400 "Content-Length and chunked" 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n' '0\r\n\r\n'
refused 400 "chunked and Content-Length" 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n' '0\r\n\r\n'
refused 400 "two Content-Lengths" 'Content-Length: 5\r\nContent-Length: 6\r\n' 'hello'
refused 400 "two equal Content-Lengths" 'Content-Length: 5\r\ncontent-length: 5\r\n' 'hello'
refused 400 "an unknown Transfer-Encoding" 'Transfer-Encoding: gzip\r\n' 'hello'
refused 400 "identity" 'Transfer-Encoding: identity\r\n' 'hello'
refused $coding "gzip, chunked" 'Transfer-Encoding: gzip, chunked\r\n' '0\r\n\r\n'
refused 400 "xchunked" 'Transfer-Encoding: xchunked\r\n' '0\r\n\r\n'
for length in +5 5,5 -1 0x5 5x 99999999999999999999999; do
	ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nContent-Length: $length\r\n\r\nhello$next"
	like "$STATUSES" '^(400|413)$' "Content-Length: $length is rejected once"
done

# HTTP/1.0 has no chunked bodies: the response is the last one of the connection, and says so.
for method in GET HEAD; do
	ask "$method /a.bin HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$next" -m $method
	is "$STATUSES $RC" "200 0" "$method with a chunked body in HTTP/1.0 is answered, and the connection is closed"
	is "$(header Connection "$DIR/1.head")" close "the response says that the connection is closed"
done
finish
