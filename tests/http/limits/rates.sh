#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rate, rate_client and rate_file hold within 5 % over 10 s, also with 16 connections of one client.
. "$(dirname "$0")/../lib.sh"

make_file response/a.bin 30000000 client/a.bin 30000000 file/a.bin 30000000
config 'location "/response/" { rate = 1M }' 'location "/client/" { rate_client = 2M }' 'location "/file/" { rate_file = 1536K }'
control_clock
start_ranged --workers 2
start=$(clock_ms)
fetch() { start_count "$1" "$3" --interface "$2"; } # NAME FROM PATH
for i in 1 2; do fetch response.$i 127.0.0.1 /response/a.bin; done
for i in $(seq 16); do fetch "client.$i" 127.0.0.2 /client/a.bin; done
fetch other 127.0.0.3 /client/a.bin
for i in 1 2 3; do fetch file.$i 127.0.0.$((3 + i)) /file/a.bin; done
count_for "$start" 10000
near() { is_rate "$1" "$2" 95 105 "$3"; } # BYTES RATE NAME
near "$(bytes_of response.1)" 1048576 "rate limits a response"
near "$(bytes_of response.2)" 1048576 "a second response has a rate of its own"
near "$(bytes_of client.\*)" 2097152 "rate_client limits sixteen connections of one client together"
at_least "$(sort -n "$DIR"/client.*.count | head -n 1)" $((2097152 * MS / 1000 / 16 / 2)) \
	"the slowest of them has at least half of its share"
at_most "$(sort -n "$DIR"/client.*.count | tail -n 1)" $((2 * 2097152 * MS / 1000 / 16)) \
	"the fastest of them has at most twice its share"
near "$(bytes_of other)" 2097152 "another client has a rate of its own"
near "$(bytes_of file.\*)" 1572864 "rate_file limits three clients of one file together"
finish
