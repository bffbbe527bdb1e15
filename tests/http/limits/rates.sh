#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rate, rate_client and rate_file hold within 5 % over 6 s, also with 16 connections of one client.
. "$(dirname "$0")/../lib.sh"

make_file response/a.bin 7000000 client/a.bin 14000000 file/a.bin 10000000
config 'location "/response/" { rate = 1M }' 'location "/client/" { rate_client = 2M }' 'location "/file/" { rate_file = 1536K }'
control_clock
start_ranged --workers 2
hold_clock
download_for 6 <<-'END'
	first 1048576 1 127.0.0.1 /response/a.bin
	second 1048576 1 127.0.0.1 /response/a.bin
	client 2097152 16 127.0.0.2 /client/a.bin
	other 2097152 1 127.0.0.3 /client/a.bin
	file 1572864 1 127.0.0.4 /file/a.bin
	file 1572864 1 127.0.0.5 /file/a.bin
	file 1572864 1 127.0.0.6 /file/a.bin
END
release_clock
near() { is_rate "$(bytes_of "$1")" "$2" 95 105 "$3"; } # GROUP RATE NAME
near first 1048576 "rate limits a response"
near second 1048576 "a second response has a rate of its own"
near client 2097152 "rate_client limits sixteen connections of one client together"
at_least "$(bytes_of client min)" $((2097152 * MS / 1000 / 16 / 2)) "the slowest of them has at least half of its share"
at_most "$(bytes_of client max)" $((2 * 2097152 * MS / 1000 / 16)) "the fastest of them has at most twice its share"
near other 2097152 "another client has a rate of its own"
near file 1572864 "rate_file limits three clients of one file together"
finish
