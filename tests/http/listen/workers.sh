#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Any number of workers can be configured, and each serves several connections.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000003
for workers in 1 2 7; do
	start_ranged --workers $workers
	is "$(threads 'ranged-r[0-9]*' | wc -l)" $workers "there are $workers reactor threads"
	for i in $(seq 40); do
		[ "$i" = 1 ] || echo next
		printf 'url = "%s/a.bin"\noutput = "%s"\n' "$URL" "$DIR/out.$i"
		echo "a.bin 0 1000002" >&3
	done >"$DIR/curls" 3>"$DIR/ranges"
	ok "40 concurrent requests succeed" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 40 --config "$DIR/curls"
	is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "" <"$DIR/ranges")" "40 compared, 0 wrong" \
		"all bodies are correct"
	stop_ranged
done
finish
