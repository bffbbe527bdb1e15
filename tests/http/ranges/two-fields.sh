#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a request has two Range fields, both are ignored.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000
start_ranged

for second in 0-9 10-19 x; do
	ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\nRange: bytes=$second\r\nConnection: close\r\n\r\n"
	is "$STATUS" 200 "two Range fields, the second of which is $second: the status is 200"
	cmp_whole a.bin "the body is the whole file" "$DIR/1.body"
done
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-9\r\nX: y\r\nrAnGe: bytes=0-9\r\nConnection: close\r\n\r\n"
is "$STATUS" 200 "this also holds for other spellings and positions of the fields"
finish
