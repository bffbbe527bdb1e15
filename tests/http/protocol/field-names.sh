#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A request with a malformed field line is answered with 400.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged

while IFS= read -r line; do
	ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$line\r\nConnection: close\r\n\r\n"
	is "$STATUS" 400 "[$line] is 400"
done <<-'END'
	Range : bytes=0-9
	X-Space : y
	X Y: z
	X\tY: z
	(comment): z
	X"Y: z
	X/Y: z
	X@Y: z
	no colon
END
ask "GET /a.bin HTTP/1.1\r\nHost : x\r\n\r\n"
is "$STATUS" 400 "[Host : x] is 400"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nX-a!#\$%%&'*+.^_\`|~9: y\r\nConnection: close\r\n\r\n"
is "$STATUS" 200 "every token character is allowed in a field name"
finish
