#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A disk that hangs under a crowd: its queue fills and new requests for it are answered 503 with Retry-After; another disk, on the same
# reactor and in the same cache, does not notice. When it is well again it is served.
. "$(dirname "$0")/lib.sh"

need_fuse
make_content() { make_file slow.bin 60000000; }
mount_faulty_disk "$ROOT/slow"
make_file fast.bin 300001 large.bin 9000001
config 'disk_latency = 400ms' 'disk_depth = 8' 'max_connections_per_client = 0'
CACHE=16M
start_ranged --workers 1
head_of /slow/slow.bin
head_of /fast.bin
set_fault 4000 0 0
for i in $(seq 60); do
	curl -sS -o /dev/null -w '%{http_code}\n' -r $((i * 900000))-$((i * 900000 + 300000)) "$URL/slow/slow.bin" >>"$DIR/codes" &
done
sleep 1
get_range 100-200 /slow/slow.bin
is "$STATUS" 503 "a new request for it is turned away"
is "$(header Retry-After)" 1 "with Retry-After"
for i in 1 2 3; do
	start=$(date +%s%3N)
	get /fast.bin
	cmp_whole fast.bin "another disk's file"
	get /large.bin
	cmp_whole large.bin "a long one of it"
	at_most $(($(date +%s%3N) - start)) "$(seconds 700)" "ms for both"
done
set_fault 0 0 0
wait_clients
is "$(sort "$DIR/codes" | uniq -c | awk '{ print $2 }' | paste -sd ' ')" 206 "those that were queued are served in the end"
get_range 100-200 /slow/slow.bin
is "$STATUS" 206 "and so are new ones"
cmp_range slow/slow.bin 100 200
take_stats
at_least "$(stat_of refused 'stats device 7:')" 1 "refused are counted"
stop_ranged
finish
