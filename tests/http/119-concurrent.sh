#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 200 mixed ranges at once, each byte-exact.
. "$(dirname "$0")/lib.sh"

sizes=(1 511 4097 65537 1048577 9000001)
make_sizes "${sizes[@]}"
start_ranged

# Deterministic, though random: the range of each number.
RANDOM=4711
for i in $(seq 200); do
	size=${sizes[RANDOM % 6]}
	a=$(((RANDOM * 32768 + RANDOM) % size)) b=$(((RANDOM * 32768 + RANDOM) % size))
	[ $a -le $b ] || { c=$a a=$b b=$c; }
	echo "$size.bin $a $b"
	printf 'url = "%s/%s.bin"\nrange = "%d-%d"\noutput = "%s"\n' "$URL" "$size" $a $b "$DIR/out.$i" >&3
	[ "$i" = 200 ] || echo next >&3
done >"$DIR/ranges" 3>"$DIR/curls"

ok "200 requests, 50 at once" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 50 --config "$DIR/curls"
is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "" <"$DIR/ranges")" "200 looked at, 0 wrong" "all have the right bytes"
finish
