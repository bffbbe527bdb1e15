#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rate_total: all clients of all workers together; the narrowest bucket decides.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000000 slow/a.bin 20000000
config 'rate_total = 2M' 'location "/slow/" { rate = 256K }'
start_ranged --workers 2
for i in 1 2 3 4; do
	curl -sS --interface 127.0.0.$i --max-time 5 -o /dev/null -w '%{size_download}\n' "$URL/a.bin" >"$DIR/fast.$i" 2>/dev/null &
	FETCHES[i]=$!
done
curl -sS --max-time 5 -o /dev/null -w '%{size_download}\n' "$URL/slow/a.bin" >"$DIR/slow" 2>/dev/null
wait "${FETCHES[@]}"
total=$(cat "$DIR"/fast.* "$DIR/slow" | awk '{ sum += $1 } END { print sum }')
at_least "$total" $((5 * 2097152 * 90 / 100)) "all together"
at_most "$total" $((5 * 2097152 * 110 / 100)) "all together"
at_most "$(cat "$DIR/slow")" $((5 * 262144 * 115 / 100)) "one that is slower by itself"
finish
