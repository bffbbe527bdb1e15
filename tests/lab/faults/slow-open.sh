#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Opening cold files on a slow disk does not delay files of another disk.
. "$(dirname "$0")/../lib.sh"

need_fuse
# shellcheck disable=SC2046
make_content() { make_file $(for i in $(seq 40); do echo "$i/$i.bin 20000"; done); }
mount_faulty_disk "$ROOT/slow"
# shellcheck disable=SC2046
make_sizes $(seq 20)
start_ranged --workers 1
get /1.bin
set_fault 100 0 0

for i in $(seq 40); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/slow/%d/%d.bin"\noutput = /dev/null\n' "$URL" "$i" "$i"
done >"$DIR/curls"
curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 40 --config "$DIR/curls" &
slow=$!
sleep 0.2
for i in $(seq 20); do
	curl -sS -o /dev/null -w '%{time_total}\n' "$URL/1.bin?$i"
done | sort -n >"$DIR/open"
for i in $(seq 2 20); do
	curl -sS -o /dev/null -w '%{time_total}\n' "$URL/$i.bin"
done | sort -n >"$DIR/cold"
kill -0 $slow 2>/dev/null && diag "the slow ones were still under way"
wait $slow
is $? 0 "the files of the slow disk are served"
ms() { tail -n 1 "$1" | awk '{ print int($1 * 1000) }'; }
diag "the slowest of an open file took $(ms "$DIR/open") ms, of others $(ms "$DIR/cold") ms"
at_most "$(ms "$DIR/open")" "$(seconds 1500)" "a file that is open is not delayed (ms)"
at_most "$(ms "$DIR/cold")" "$(seconds 5000)" "files that are not open are not delayed (ms)"
set_fault 0 0 0
finish
