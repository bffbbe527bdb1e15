#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A filesystem that returns fewer bytes than requested in the middle of a file: ranged continues to read, and every
# range is correct.
. "$(dirname "$0")/../lib.sh"

need_fuse
mkdir "$DIR/source" "$DIR/mirror"
ROOT=$DIR/source
make_assortment
start_faultfs "$DIR/source" "$DIR/mirror"
ROOT=$DIR/mirror
CACHE=0
start_ranged

for bytes in 0 1000 4096 5000 70001; do
	set_fault 0 0 $bytes
	for file in 4097 65537 1048577 big sparse; do
		get "/$file.bin"
		is "$STATUS" 200 "reads of $bytes bytes: $file.bin is served"
		cmp_whole "$DIR/source/$file.bin" "reads of $bytes bytes: the body is correct"
	done
	ROOT=$DIR/source
	get_range 5001-70000 /1048577.bin
	cmp_range 1048577.bin 5001 70000 "reads of $bytes bytes: a range is correct"
	ROOT=$DIR/mirror
done
set_fault 0 0 1000
ROOT=$DIR/source
check_odd_ranges "1000 at a time"
finish
