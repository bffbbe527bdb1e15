#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A range that covers the whole file is answered with 206.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 70001
start_ranged

for range in 0- 0-70000 0-999999 -70001 -999999 0-,5-9; do
	get_range "$range" /a.bin
	is "$STATUS $(header Content-Range)" "206 bytes 0-70000/70001" "$range: the status is 206"
	cmp_whole a.bin "$range: the body is correct"
done
finish
