#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rate, rate_client, rate_file: within 5 % over 10 s, with 16 connections of one client in one bucket.
. "$(dirname "$0")/../lib.sh"

make_file response/a.bin 30000000 client/a.bin 30000000 file/a.bin 30000000
config 'location "/response/" { rate = 1M }' 'location "/client/" { rate_client = 2M }' 'location "/file/" { rate_file = 1536K }'
start_ranged --workers 2
fetch() { # NAME FROM PATH: for 10 s
	curl -sS --interface "$2" --max-time 10 -o /dev/null -w '%{size_download}\n' "$URL$3" >"$DIR/$1" 2>/dev/null &
	FETCHES+=($!)
}
FETCHES=()
for i in 1 2; do fetch response.$i 127.0.0.1 /response/a.bin; done
for i in $(seq 16); do fetch "client.$i" 127.0.0.2 /client/a.bin; done
fetch other 127.0.0.3 /client/a.bin
for i in 1 2 3; do fetch file.$i 127.0.0.$((3 + i)) /file/a.bin; done
wait "${FETCHES[@]}"
sum() { cat "$@" | awk '{ sum += $1 } END { print sum }'; }
near() { # GOT RATE NAME
	at_least "$1" $(($2 * 10 * 95 / 100)) "$3"
	at_most "$1" $(($2 * 10 * 105 / 100)) "$3"
}
near "$(sum "$DIR/response.1")" 1048576 "a response"
near "$(sum "$DIR/response.2")" 1048576 "another one beside it"
near "$(sum "$DIR"/client.*)" 2097152 "sixteen connections of one client together"
at_least "$(sort -n "$DIR"/client.* | head -n 1)" $((20971520 / 16 / 2)) "none of them starves"
at_most "$(sort -n "$DIR"/client.* | tail -n 1)" $((2 * 20971520 / 16)) "none of them is served before the others"
near "$(sum "$DIR/other")" 2097152 "another client has a bucket of its own"
near "$(sum "$DIR"/file.*)" 1572864 "three clients of one file together"
finish
