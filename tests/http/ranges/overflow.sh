#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Positions that do not fit into 64 bits: a last position is replaced by the end of the file, a first position is
# unsatisfiable.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged

for last in 10007 99999 9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 99999999999999999999999999999999999; do
	get_range "100-$last" /a.bin
	is "$STATUS $(header Content-Range)" "206 bytes 100-10006/10007" "100-$last ends at the end of the file"
	cmp_range a.bin 100 10006 "100-$last: the body is correct"
done
for first in 10007 9223372036854775807 18446744073709551615 18446744073709551616 18446744073709551617 99999999999999999999999999999999999; do
	get_range "$first-" /a.bin
	is "$STATUS $(header Content-Range)" "416 bytes */10007" "$first- is unsatisfiable"
done
get_range 18446744073709551616-18446744073709551617 /a.bin
is "$STATUS" 416 "a range whose positions are both too large is unsatisfiable"
get_range 18446744073709551616-5 /a.bin
is "$STATUS" 200 "a range whose first position is larger than the last one is malformed, even if both are too large"
finish
