#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If no range is satisfiable, the response is 416 with the size of the file, and the connection remains open.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000 b.bin 1
start_ranged

for range in 1000- 1000-1000 5000-6000 -0 1000-,2000- -0,1000-; do
	get_range "$range" /a.bin
	is "$STATUS" 416 "$range: the status is 416"
	is "$(header Content-Range)" 'bytes */1000' "$range: Content-Range has the size of the file"
	is "$(header Accept-Ranges)" bytes "$range: the response has Accept-Ranges"
done
get_range 1-1 /b.bin
is "$STATUS $(header Content-Range)" '416 bytes */1' "a range that begins at the end of the file is unsatisfiable"
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=1000-\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUSES" "416 200" "the connection serves another request"
finish
