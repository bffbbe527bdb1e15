#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A suffix range: the last bytes, all of them if it is longer than the file; -0 is unsatisfiable.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged

while read -r asked first last; do
	get_range "$asked" /a.bin
	is "$STATUS" 206 "$asked is 206"
	is "$(header Content-Range)" "bytes $first-$last/10007" "$asked: Content-Range"
	cmp_range a.bin "$first" "$last" "$asked: the bytes"
done <<-'END'
	-1 10006 10006
	-4096 5911 10006
	-10007 0 10006
	-10008 0 10006
	-999999 0 10006
	-99999999999999999999999999 0 10006
END
get_range -0 /a.bin
is "$STATUS" 416 "-0 is 416"
is "$(header Content-Range)" "bytes */10007" "-0: Content-Range"
get_range -0,0-1 /a.bin
is "$STATUS" 206 "-0 beside a satisfiable one is 206"
cmp_range a.bin 0 1 "with the satisfiable one alone"
finish
