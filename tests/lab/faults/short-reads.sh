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

# The large files have more bytes than a read of 1,000 bytes can deliver quickly.
for bytes in 0 1000 4096 5000 70001; do
	set_fault 0 0 $bytes
	requests=() expected=
	for file in 4097 65537 1048577 big sparse; do
		[ $bytes != 1000 ] || [ $file -le 1048577 ] 2>/dev/null || continue
		requests+=(-o "$DIR/got.$file" "$URL/$file.bin")
		expected+="200 "
	done
	is "$(curl -sS -w '%{http_code} ' "${requests[@]}" --next -sS -w '%{http_code}' -r 5001-70000 -o "$DIR/got.range" "$URL/1048577.bin")" "${expected}206" \
		"reads of $bytes bytes: all files and a range are served"
	for file in "$DIR"/got.*; do
		[ "$file" != "$DIR/got.range" ] || continue
		file=${file##*/got.}
		cmp_whole "$DIR/source/$file.bin" "reads of $bytes bytes: the body of $file.bin is correct" "$DIR/got.$file"
	done
	cmp_range "$DIR/source/1048577.bin" 5001 70000 "reads of $bytes bytes: a range is correct" "$DIR/got.range"
	rm "$DIR"/got.*
done
set_fault 0 0 5000
ROOT=$DIR/source
check_odd_ranges "5000 at a time"
finish
