#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Blanks and empty members are allowed in the list of a Range header.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
tab=$'\t'

for list in ' 0-9' '0-9 ' ',0-9' '0-9,' ',, ,0-9, ,,' "$tab 0-9 $tab,$tab"; do
	get_range "$list" /a.bin
	is "$STATUS $(header Content-Range)" "206 bytes 0-9/10007" "[$list] is one range"
	cmp_range a.bin 0 9 "[$list]: the body is correct"
done
get /a.bin -H "Range:   bytes=0-9  "
is "$STATUS $(header Content-Range)" "206 bytes 0-9/10007" "blanks around the value of the field are ignored"
get_whole_head /a.bin
get_range "0-9 ,$tab 9000-9010,," /a.bin
is_multipart a.bin 0-9 9000-9010
finish
