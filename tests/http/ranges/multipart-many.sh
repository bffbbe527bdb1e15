#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A multipart response has up to max_ranges parts (256 by default, at most 1,000), as long as it is not longer than the
# file.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000003 small.bin 1000
truncate -s 5000000003 "$ROOT/b.bin"
perl -e 'open my $out, "+<", $ARGV[0] or die; for (0 .. 4900) { seek $out, $_ * 1000003, 0; print $out "block $_" }' "$ROOT/b.bin"
age "$ROOT/b.bin"
start_ranged
get_whole_head /a.bin

spread() { # COUNT STEP LENGTH [FIRST]: ranges, one a line
	seq -f %.0f "${4:-0}" "$2" $((${4:-0} + ($1 - 1) * $2)) | awk -v n="$3" '{ printf "%.0f-%.0f\n", $1, $1 + n - 1 }'
}
joined() { paste -sd, ; }
ask_for() { # FILE NAME: the ranges of $DIR/list
	mapfile -t ranges <"$DIR/list"
	get_range "$(joined <"$DIR/list")" "/$1"
	diag "$2"
	is_multipart "$1" "${ranges[@]}"
}

for count in 2 17 256; do
	spread $count 3900 10 >"$DIR/list"
	ask_for a.bin "$count ranges"
done
spread 256 3900 10 | sort -R --random-source=<(yes) >"$DIR/list"
ask_for a.bin "ranges in any order are served"
spread 256 3900 2000 >"$DIR/list"
ask_for a.bin "large ranges are served"
# Ten digits in each position make 5.6 KB of header.
spread 256 10000030 10 2000006000 >"$DIR/list"
ask_for b.bin "256 ranges with positions of ten digits are served"

# A response that would be longer than the file: each part has a header of at least 130 bytes, so nine parts of one byte
# are longer than 1,000 bytes.
spread 9 100 1 >"$DIR/list"
get_range "$(joined <"$DIR/list")" /small.bin
is "$STATUS $(header Content-Length)" "200 1000" "a multipart that would be longer than the file is not sent"
cmp_whole small.bin
get_range 0-9,900-909 /small.bin
is "$STATUS $(header Content-Type | cut -d';' -f1)" "206 multipart/byteranges" "a shorter multipart is sent"
at_most "$(header Content-Length)" 1000 "the multipart is shorter than the file"
# The limit is exact to one byte: the overhead of two parts is the same for all these requests.
get_range 100-199,900-999 /small.bin
overhead=$(($(header Content-Length) - 200))
get_range "100-$((1000 - overhead - 100 + 99)),900-999" /small.bin
is "$STATUS $(header Content-Length)" "206 1000" "a multipart as long as the file is sent"
get_range "100-$((1000 - overhead - 100 + 100)),900-999" /small.bin
is "$STATUS $(header Content-Length)" "200 1000" "a multipart that is one byte longer than the file is not sent"
stop_ranged

config 'max_ranges = 1000' 'max_header_bytes = 24K'
start_ranged --workers 1
# All requests use one connection, to check that its memory suffices each time.
spread 1000 1000 10 >"$DIR/list"
ask_for a.bin "1000 ranges"
spread 1000 2000006 10 2000006000 >"$DIR/list"
ask_for b.bin "1000 ranges with positions of ten digits are served (a header of 22 KB)"
before=$(rss_kib)
for i in $(seq 3); do get_range "$(joined <"$DIR/list")" /b.bin; done
at_most $(($(rss_kib) - before)) $((2048 * RANGED_SLOW)) "the requests leave no memory behind"
{ cat "$DIR/list"; echo 1000-1009; } >"$DIR/more"
get_range "$(joined <"$DIR/more")" /a.bin
is "$STATUS $(header Content-Length)" "200 1000003" "a Range header with 1,001 ranges is ignored"

# Small ranges read the blocks that contain them, not whole extents of 256 KiB. Here these are 1,000 blocks.
before=$(read_bytes)
spread 1000 4900001 1 >"$DIR/list"
ask_for b.bin "1000 bytes"
at_most $(($(read_bytes) - before)) $((1000 * 16384)) "small ranges read few bytes from the disk"
finish
