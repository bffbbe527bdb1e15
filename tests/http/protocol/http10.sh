#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# HTTP/1.0: closed after the answer, unless keep-alive is asked for.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 3000001
start_ranged

ask 'GET /a.bin HTTP/1.0\r\n\r\n'
is "$STATUSES $RC" "200 0" "answered, and closed"
cmp_whole a.bin "whole" "$DIR/1.body"
is "$(header Content-Length "$DIR/1.head")" 3000001 "with a length"
ask 'GET /a.bin HTTP/1.0\r\nRange: bytes=5-9\r\n\r\nGET /a.bin HTTP/1.0\r\n\r\n'
is "$STATUSES $RC" "206 0" "a second request is not read"
cmp_range a.bin 5 9 "a range" "$DIR/1.body"
ask 'GET /a.bin HTTP/1.0\r\nConnection: keep-alive\r\nRange: bytes=5-9\r\n\r\nGET /a.bin HTTP/1.0\r\n\r\n'
is "$STATUSES $RC" "206 200 0" "with keep-alive it is"
like "$(header Connection "$DIR/1.head")" '^[Kk]eep-[Aa]live$' "which the answer says"
finish
