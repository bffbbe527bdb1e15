#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Long responses with rate, rate_client, rate_file and rate_total, single and multipart: no rate is exceeded, and every
# byte is correct.
. "$(dirname "$0")/../lib.sh"

make_file response/a.bin 20000000 client/a.bin 20000000 file/a.bin 20000000 all/a.bin 20000000
config 'location "/response/" { rate = 1M }' 'location "/client/" { rate_client = 2M }' 'location "/file/" { rate_file = 1536K }'
control_clock
start_ranged --workers 2
get_whole_head /all/a.bin
expected() { # FILE: writes the multipart that the responses of /response/ have
	multipart_reference "$(boundary_of "$1.head")" application/octet-stream "$ROOT/response/a.bin" 0-4999999 6000000-19999999
}
fetch() { curl -sS -N -D "$DIR/$1.head" -o "$DIR/$1.got" "${@:3}" "$URL$2" 2>/dev/null & FETCHES+=($!); } # NAME PATH [OPTION...]
FETCHES=()
start=$(clock_ms)
fetch response.1 /response/a.bin
fetch response.2 /response/a.bin -r 0-4999999,6000000-
for i in 1 2 3 4 5 6 7 8; do fetch "client.$i" /client/a.bin --interface 127.0.0.2; done
for i in 1 2 3; do fetch "file.$i" /file/a.bin --interface 127.0.0.$((3 + i)); done
end_fetches() { # MILLISECONDS
	start_fast_clock
	await_clock $((start + $1))
	stop_fast_clock
	MS=$(($(clock_ms) - start))
	kill "${FETCHES[@]}"
	wait "${FETCHES[@]}" 2>/dev/null
	FETCHES=()
}
got() { find "$DIR" -name "$1.got" -printf '%s\n' | awk '{ sum += $1 } END { print sum }'; } # GLOB
# limits/rates.sh checks the rates more exactly. Here the clients also write files, and may be slow.
near() { is_rate "$(got "$1")" "$2" 70 107 "$3"; } # GLOB RATE NAME
all_right() { # GLOB FILE
	local body
	for body in "$DIR"/$1.got; do
		ok "the bytes of ${body##*/} are correct" cmp -n "$(size_of "$body")" "$body" "${2:-$DIR/parts}"
	done
}
end_fetches 8000
near response.1 1048576 "rate limits a response"
near response.2 1048576 "rate limits a multipart response"
near 'client.*' 2097152 "rate_client limits eight connections of one client together"
near 'file.*' 1572864 "rate_file limits three clients of one file together"
all_right response.1 "$ROOT/response/a.bin"
expected "$DIR/response.2" >"$DIR/parts"
all_right response.2
all_right 'client.*' "$ROOT/client/a.bin"
all_right 'file.*' "$ROOT/file/a.bin"
stop_ranged

config 'rate_total = 2M'
start_ranged --workers 2
start=$(clock_ms)
for i in 1 2 3 4; do fetch "all.$i" /all/a.bin --interface "127.0.0.$i"; done
end_fetches 5000
is_rate "$(got 'all.*')" 2097152 70 110 "rate_total limits all clients together"
all_right 'all.*' "$ROOT/all/a.bin"
finish
