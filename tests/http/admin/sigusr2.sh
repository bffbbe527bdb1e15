#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGUSR2 logs a report of the counters, also twice in sequence and under load.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000003
start_ranged --workers 3
get /a.bin
take_stats
for key in 'stats cache bytes=33554432 free=[0-9]* in_use=' 'stats cache .* hits=[0-9]* coalesced=[0-9]* misses=1 evictions=0' 'stats cache_lookups hit=0 coalesced=0 miss=[0-9]*$' \
	'stats bytes cache=0 coalesced=0 disk=1000003 read=' \
	'stats names count=1 max=[0-9]* bytes=[0-9]*' 'stats files open=1 hits=[0-9]* inline=[0-9]* revalidations=' 'stats device [0-9]*:[0-9]* mode=' 'stats device [0-9]*:[0-9]* .* time_p50=[0-9]* time_p99=[0-9]* time_sum=' 'stats worker 0 connections=' \
	'stats worker 2 submit stalls=[0-9]* longest='; do
	ok "the report has $key" grep -qE "info: $key" "$DIR/stats"
done
(while [ ! -e "$DIR/stop" ]; do curl -sS "$URL/a.bin" -o /dev/null; done) &
for _ in $(seq 50); do kill -USR2 "$PID"; done
touch "$DIR/stop"
wait $!
get /a.bin
cmp_whole a.bin "files are served after the report"
take_stats
is "$(stat_of disk 'stats bytes')" 1000003 "the report has the bytes from the disk"
stop_ranged
finish
