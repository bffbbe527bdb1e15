#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The smallest cache, hundreds of clients at once: all are served, the right bytes.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2086
make_sizes $ODD_SIZES 3000001
CACHE=4M
config 'max_connections_per_client = 0'
start_ranged --workers 2
RANDOM=7
sizes=(513 4097 65537 1048577 3000001)
for i in $(seq 400); do
	size=${sizes[RANDOM % 5]}
	a=$(((RANDOM * 32768 + RANDOM) % size)) b=$(((RANDOM * 32768 + RANDOM) % size))
	[ $a -le $b ] || { c=$a a=$b b=$c; }
	echo "$size.bin $a $b"
	printf 'url = "%s/%s.bin"\nrange = "%d-%d"\noutput = "%s"\n' "$URL" "$size" $a $b "$DIR/out.$i" >&3
	[ "$i" = 400 ] || echo next >&3
done >"$DIR/ranges" 3>"$DIR/curls"
ok "400 requests, 300 at once" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 300 --config "$DIR/curls"
is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "" <"$DIR/ranges")" "400 looked at, 0 wrong" "all have the right bytes"
take_stats
is "$(stat_of waiting 'stats cache')" 0 "nobody waits for memory"
is "$(stat_of pinned 'stats cache')" 0 "nothing stays pinned"
stop_ranged
finish
