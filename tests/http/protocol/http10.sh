#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An HTTP/1.0 connection is closed after the response, unless the client asks for keep-alive.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 3000001
start_ranged

ask 'GET /a.bin HTTP/1.0\r\n\r\n'
is "$STATUSES $RC" "200 0" "the request is answered and the connection is closed"
cmp_whole a.bin "the body is complete" "$DIR/1.body"
is "$(header Content-Length "$DIR/1.head")" 3000001 "the response has Content-Length"
ask 'GET /a.bin HTTP/1.0\r\nRange: bytes=5-9\r\n\r\nGET /a.bin HTTP/1.0\r\n\r\n'
is "$STATUSES $RC" "206 0" "a second request is not read"
cmp_range a.bin 5 9 "a range is correct" "$DIR/1.body"
ask 'GET /a.bin HTTP/1.0\r\nConnection: keep-alive\r\nRange: bytes=5-9\r\n\r\nGET /a.bin HTTP/1.0\r\n\r\n'
is "$STATUSES $RC" "206 200 0" "with keep-alive the second request is answered"
like "$(header Connection "$DIR/1.head")" '^[Kk]eep-[Aa]live$' "the response has Connection: keep-alive"
finish
