#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A slow disk: 64 reads overlap, and requests that do not need this disk are not delayed, with the same reactor.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file slow.bin 60000000; }
mount_faulty_disk "$ROOT/slow"
make_file fast.bin 300001
CACHE=0
start_ranged --workers 1
head_of /slow/slow.bin
get /fast.bin
set_fault 1000 0 0

spaced_ranges 900000 64 slow/slow.bin
start=$(date +%s%3N)
get_ranges "64 reads at once" 64
at_most $(($(date +%s%3N) - start)) "$(seconds 16000)" "64 reads overlap: one after the other they would take 64 s (ms)"

# A stream of reads of 3 s each runs in the background, and must not delay other requests.
set_fault 3000 0 0
(while [ ! -e "$DIR/stop" ]; do curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 64 --config "$DIR/curls"; done) 2>/dev/null &
stream=$!
sleep 0.3
for _ in $(seq 10); do
	curl -sS -o "$DIR/fast" -o /dev/null -w '%{time_total}\n' "$URL/fast.bin" "$URL/absent"
done >"$DIR/times"
touch "$DIR/stop"
cmp_whole fast.bin "a file of another disk is correct" "$DIR/fast"
worst=$(sort -n "$DIR/times" | tail -n 1)
diag "the slowest took $worst s"
at_most "$(echo "$worst" | awk '{ print int($1 * 1000) }')" "$(seconds 1500)" \
	"a file of another disk, and a 404 response, are not delayed (ms)"
set_fault 0 0 0
wait $stream
is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "" <"$DIR/ranges")" "64 compared, 0 wrong" \
	"the bytes of the slow disk are correct"
finish
