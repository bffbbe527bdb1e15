#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ranges of a sparse file of 5 GiB are correct, also beyond 4 GiB.
. "$(dirname "$0")/../lib.sh"

size=5368709120
truncate -s $size "$ROOT/big.bin"
perl "$LIB/pattern.pl" - big 100000 >"$DIR/data"
for at in 0 2147433648 4294917296 5368609120; do
	dd if="$DIR/data" of="$ROOT/big.bin" bs=1M seek=$at oflag=seek_bytes conv=notrunc status=none
done
age "$ROOT/big.bin"
start_ranged

head_of /big.bin
is "$(header Content-Length)" $size "Content-Length is the size of the file"
while read -r asked first last; do
	get_range "$asked" /big.bin
	is "$STATUS $(header Content-Range)" "206 bytes $first-$last/$size" \
		"$asked: the status and Content-Range are correct"
	cmp_range big.bin "$first" "$last" "$asked: the body is correct"
done <<-END
	2147480000-2147490000 2147480000 2147490000
	4294960000-4294970000 4294960000 4294970000
	4294967295-4294967296 4294967295 4294967296
	5368609120- 5368609120 5368709119
	-1 5368709119 5368709119
	-70001 5368639119 5368709119
	4294900000-4299999999 4294900000 4299999999
END
get_whole_head /big.bin
get_range 5368609120-5368609129,4294967290-4294967300,0-9 /big.bin
is_multipart big.bin 5368609120-5368609129 4294967290-4294967300 0-9
finish
