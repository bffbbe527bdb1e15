#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A suffix range returns the last bytes, or the whole file if the file is shorter. The suffix range -0 is unsatisfiable.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged

while read -r asked first last; do
	get_range "$asked" /a.bin
	is "$STATUS" 206 "$asked: the status is 206"
	is "$(header Content-Range)" "bytes $first-$last/10007" "$asked: Content-Range is correct"
	cmp_range a.bin "$first" "$last" "$asked: the body is correct"
done <<-'END'
	-1 10006 10006
	-4096 5911 10006
	-10007 0 10006
	-10008 0 10006
	-999999 0 10006
	-99999999999999999999999999 0 10006
END
get_range -0 /a.bin
is "$STATUS" 416 "-0: the status is 416"
is "$(header Content-Range)" "bytes */10007" "-0: Content-Range has the size of the file"
get_range -0,0-1 /a.bin
is "$STATUS" 206 "-0 with a satisfiable range: the status is 206"
cmp_range a.bin 0 1 "-0 with a satisfiable range: only that range is sent"
finish
