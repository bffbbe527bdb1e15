#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# None satisfiable is 416 with the size, and the connection goes on.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000 b.bin 1
start_ranged

for range in 1000- 1000-1000 5000-6000 -0 1000-,2000- -0,1000-; do
	get_range "$range" /a.bin
	is "$STATUS" 416 "$range is 416"
	is "$(header Content-Range)" 'bytes */1000' "$range: Content-Range"
	is "$(header Accept-Ranges)" bytes "$range: Accept-Ranges"
done
get_range 1-1 /b.bin
is "$STATUS $(header Content-Range)" '416 bytes */1' "one past the end"
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=1000-\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUSES" "416 200" "the connection goes on"
finish
