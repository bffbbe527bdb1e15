#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A disk that hangs with many requests: its queue fills, and requests for it are answered with 503 and Retry-After.
# Another disk with the same reactor and cache is not affected. After the disk has recovered its files are served.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file slow.bin 60000000; }
mount_faulty_disk "$ROOT/slow"
make_file fast.bin 300001 large.bin 9000001
config 'disk_queue_timeout = 1s' 'disk_depth = 8' 'max_connections_per_client = 0'
CACHE=16M
start_ranged --workers 1
head_of /slow/slow.bin
head_of /fast.bin
set_fault -1 0 0 # hangs until the fault is removed
# All sixty requests must arrive before the queue is one second old, so one process sends them.
for i in $(seq 60); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/slow/slow.bin"\nrange = "%d-%d"\noutput = "/dev/null"\nwrite-out = "%%{http_code}\\n"\n' "$URL" $((i * 900000)) $((i * 900000 + 300000))
done >"$DIR/curls"
curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 60 --config "$DIR/curls" >"$DIR/codes" &
asked=0
turned_away() { # requests other bytes each time, because reads of the last request may be in flight and would be awaited
	asked=$((asked + 1))
	get_range $((asked * 900000 + 650000))-$((asked * 900000 + 650100)) /slow/slow.bin --max-time 0.5
	[ "$STATUS" = 503 ]
}
ok "a new request for the disk is rejected" await 30 turned_away
is "$(header Retry-After)" 1 "the 503 response has Retry-After"
for i in 1 2 3; do
	get /fast.bin
	cmp_whole fast.bin "a file of another disk is correct"
	get /large.bin
	cmp_whole large.bin "a large file of another disk is correct"
	is "$STATUS" 200 "both files are served while the disk hangs"
done
set_fault 0 0 0
wait_clients
is "$(grep -cv '^\(206\|503\)$' "$DIR/codes")" 0 "each queued request is served or answered with 503"
is "$(wc -l <"$DIR/codes")" 60 "no queued request is left without a response"
served_again() {
	get_range 100-200 /slow/slow.bin
	[ "$STATUS" = 206 ]
}
ok "new requests are served after the disk has recovered" await 30 served_again
cmp_range slow/slow.bin 100 200
take_stats
at_least "$(stat_of rejected 'stats device 7:')" 1 "rejected reads are counted"
stop_ranged
finish
