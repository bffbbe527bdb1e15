#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Readers that stall in mid-body do not keep extents in use. After a while, the memory in use for a client is bounded,
# regardless of the number of its connections. Other clients are served at once from a cache of 16 MiB, and the stalled
# readers get the rest of their responses when they read again.
. "$(dirname "$0")/../lib.sh"
. "$LIB/verify.sh"

make_verified 4097 9000001
make_file a.bin 40000000 cold1.bin 5000001 cold2.bin 5000001 cold3.bin 5000001
CACHE=16M
config 'max_connections_per_client = 0' 'min_rate = 0'
start_ranged --workers 2
readers=()
for i in $(seq 4); do
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
		wire -b 65536 -f 100000 -p "$DIR/reader.$i" -t "$(seconds 60)" -i 127.0.0.9 >"$DIR/reply.$i" &
	readers+=($!)
done
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | perl "$LIB/slow.pl" 120 "$ADDRESS" own=127.0.0.9 >"$DIR/slow" &
slow=$!
ok "120 connections of one client stall" await 20 grep -q held "$DIR/slow"
for i in 1 2 3 4; do await 20 test -e "$DIR/reader.$i.reached"; done
in_use_at_most() { take_stats && [ "$(stat_of in_use 'stats cache ')" -le "$1" ]; }
ok "at most a quarter of the cache is in use for them" await 10 in_use_at_most 4194304
for i in 1 2 3; do
	get "/cold$i.bin" --interface 127.0.0.77 --max-time "$(seconds 3)"
	cmp_whole "cold$i.bin" "a cold file is served to another client"
done
verify "other clients" requests=300 connections=8 addresses=4
touch "$DIR"/reader.{1,2,3,4}.go
for i in 1 2 3 4; do
	wait "${readers[i - 1]}"
	is "$(perl "$LIB/replies.pl" "$DIR/reply.$i" "$DIR/")" 200 "a reader that continues gets a complete response"
	cmp_whole a.bin "its bytes are correct" "$DIR/1.body"
done
kill $slow
finish
