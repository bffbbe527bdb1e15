#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 12 seconds of mixed load: whole files, ranges, multipart responses, and clients that stall or disconnect. The memory
# is bounded, and nothing is left behind.
. "$(dirname "$0")/../lib.sh"

[ -z "$SANITIZED" ] || skip_all "the memory of a sanitizer would be counted"
# shellcheck disable=SC2086
make_sizes $ODD_SIZES
make_file big.bin 60000001 big2.bin 60000001
CACHE=32M
config 'max_connections_per_client = 0' 'stall_timeout = 5s'
start_ranged --workers 2

until_over() { while [ ! -e "$DIR/stop" ]; do "$@"; done; } 2>/dev/null
whole() { curl -sS --max-time 20 -o /dev/null "$URL/big.bin" -o /dev/null "$URL/1048577.bin"; }
ranges() { curl -sS --max-time 20 -r $((RANDOM * 1800))-$((RANDOM * 1800 + 99999)) -o /dev/null "$URL/big$((RANDOM % 2 + 1)).bin"; }
many() { for n in 1 2 3 4 5 6 7 8; do echo "$((n * 1000000))-$((n * 1100000))"; done | paste -sd , | xargs -I{} curl -sS --max-time 20 -r {} -o /dev/null "$URL/big.bin"; }
leave() { curl -sS --max-time 0.1 -o /dev/null "$URL/big2.bin"; }
stall() { printf 'GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -b 4096 -f 1 -p "$DIR/stalled.$BASHPID" -t 8 >/dev/null; }
for load in whole whole ranges ranges ranges many many leave leave stall stall stall stall stall stall; do until_over $load & done
highest=0
for _ in $(seq 60); do
	must_run
	rss=$(rss_kib)
	[ "$rss" -le "$highest" ] || highest=$rss
	sleep 0.2
done
touch "$DIR/stop"
# The cache and its index, connections, threads and libraries.
at_most "$highest" $((32768 + 2048 + 49152)) "the memory is bounded (KiB)"
kill -0 "$PID" && pass "ranged is running"
get /big.bin --max-time "$(seconds 20)"
cmp_whole big.bin "a request is served after the load"
quiet() { take_stats && [ "$(stat_of in_use 'stats cache ') $(stat_of waiting 'stats cache ') $(stat_of in_flight 'stats device')" = "0 0 0" ]; }
ok "after the load no extent is in use, and no read waits or is in flight" await 20 quiet
stop_ranged
finish
