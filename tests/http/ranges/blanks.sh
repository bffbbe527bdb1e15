#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Blanks and empty members in a list of ranges are allowed.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
tab=$'\t'

for list in ' 0-9' '0-9 ' ',0-9' '0-9,' ',, ,0-9, ,,' "$tab 0-9 $tab,$tab"; do
	get_range "$list" /a.bin
	is "$STATUS $(header Content-Range)" "206 bytes 0-9/10007" "[$list]"
	cmp_range a.bin 0 9 "[$list]: the bytes"
done
get /a.bin -H "Range:   bytes=0-9  "
is "$STATUS $(header Content-Range)" "206 bytes 0-9/10007" "around the value"
get_whole_head /a.bin
get_range "0-9 ,$tab 9000-9010,," /a.bin
is_multipart a.bin 0-9 9000-9010
finish
