#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The boundary of a multipart response is random: each response has a new one of at least 128 bits.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100003
start_ranged

for _ in 1 2 3 4 5; do
	get_range 0-9,50000-50009 /a.bin
	boundary_of
done >"$DIR/boundaries"
is "$(sort -u "$DIR/boundaries" | wc -l)" 5 "five responses have five different boundaries"
while read -r boundary; do
	at_least ${#boundary} 22 "the boundary $boundary has at least 128 bits"
	at_most ${#boundary} 70 "the boundary is not longer than RFC 2046 allows"
done <"$DIR/boundaries"
# Neither the first nor the last characters are a fixed string.
is "$(cut -c 1-8 "$DIR/boundaries" | sort -u | wc -l)" 5 "the first characters of the boundaries differ"
is "$(rev "$DIR/boundaries" | cut -c 1-8 | sort -u | wc -l)" 5 "the last characters of the boundaries differ"
finish
