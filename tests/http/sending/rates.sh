#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Long responses with rate, rate_client, rate_file and rate_total, single and multipart: no rate is exceeded, and every
# byte is correct.
. "$(dirname "$0")/../lib.sh"

make_file response/a.bin 9000000 client/a.bin 12000000 file/a.bin 9000000 all/a.bin 12000000
config 'location "/response/" { rate = 1M }' 'location "/client/" { rate_client = 2M }' 'location "/file/" { rate_file = 1536K }'
control_clock
start_ranged --workers 2
get_whole_head /all/a.bin
expected() { # FILE: writes the multipart that the responses of /response/ have
	multipart_reference "$(boundary_of "$1.head")" application/octet-stream "$ROOT/response/a.bin" 0-1999999 3000000-8999999
}
hold_clock
download_for 5 "$DIR" <<-'END'
	single 1048576 1 127.0.0.1 /response/a.bin
	parts 1048576 1 127.0.0.1 /response/a.bin 0-1999999,3000000-
	client 2097152 8 127.0.0.2 /client/a.bin
	file 1572864 1 127.0.0.4 /file/a.bin
	file 1572864 1 127.0.0.5 /file/a.bin
	file 1572864 1 127.0.0.6 /file/a.bin
END
release_clock
# limits/rates.sh checks the rates more exactly.
near() { is_rate "$(bytes_of "$1")" "$2" 90 107 "$3"; } # GROUP RATE NAME
all_right() { # GLOB FILE
	local body
	for body in "$DIR"/$1.got; do
		ok "the bytes of ${body##*/} are correct" cmp -n "$(size_of "$body")" "$body" "${2:-$DIR/parts}"
	done
}
near single 1048576 "rate limits a response"
near parts 1048576 "rate limits a multipart response"
near client 2097152 "rate_client limits eight connections of one client together"
near file 1572864 "rate_file limits three clients of one file together"
all_right single.1 "$ROOT/response/a.bin"
expected "$DIR/parts.1" >"$DIR/parts"
all_right parts.1
all_right 'client.*' "$ROOT/client/a.bin"
all_right 'file.*' "$ROOT/file/a.bin"
stop_ranged

config 'rate_total = 2M'
start_ranged --workers 2
hold_clock
download_for 5 "$DIR" <<-'END'
	all 2097152 1 127.0.0.1 /all/a.bin
	all 2097152 1 127.0.0.2 /all/a.bin
	all 2097152 1 127.0.0.3 /all/a.bin
	all 2097152 1 127.0.0.4 /all/a.bin
END
release_clock
is_rate "$(bytes_of all)" 2097152 90 110 "rate_total limits all clients together"
all_right 'all.*' "$ROOT/all/a.bin"
finish
