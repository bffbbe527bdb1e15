#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A disk that hangs under a crowd: its queue fills and new requests for it are answered 503 with Retry-After; another disk, on the same
# reactor and in the same cache, does not notice. When it is well again it is served.
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
set_fault 4000 0 0
# By one process, since all sixty are to be there before the queue is a second old.
for i in $(seq 60); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/slow/slow.bin"\nrange = "%d-%d"\noutput = "/dev/null"\nwrite-out = "%%{http_code}\\n"\n' "$URL" $((i * 900000)) $((i * 900000 + 300000))
done >"$DIR/curls"
curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 60 --config "$DIR/curls" >"$DIR/codes" &
asked=0
turned_away() { # each time by other bytes: those of the last time may be on their way, and would be waited for
	asked=$((asked + 1))
	get_range $((asked * 900000 + 650000))-$((asked * 900000 + 650100)) /slow/slow.bin --max-time 0.5
	[ "$STATUS" = 503 ]
}
ok "a new request for it is turned away" await 10 turned_away
is "$(header Retry-After)" 1 "with Retry-After"
for i in 1 2 3; do
	start=$(date +%s%3N)
	get /fast.bin
	cmp_whole fast.bin "another disk's file"
	get /large.bin
	cmp_whole large.bin "a long one of it"
	at_most $(($(date +%s%3N) - start)) "$(seconds 2000)" "ms for both, and not 4 s"
done
set_fault 0 0 0
wait_clients
is "$(sort "$DIR/codes" | uniq -c | awk '{ print $1 "*" $2 }' | paste -sd ' ')" '60*206' "those that were queued are served in the end"
get_range 100-200 /slow/slow.bin
is "$STATUS" 206 "and so are new ones"
cmp_range slow/slow.bin 100 200
take_stats
at_least "$(stat_of rejected 'stats device 7:')" 1 "rejected reads are counted"
stop_ranged
finish
