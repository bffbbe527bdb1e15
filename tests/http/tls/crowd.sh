#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 30 concurrent clients, with and without TLS, for small and large files, are served correctly by one worker.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_sizes 1000 16384 16385 300000 5000000
CACHE=8M
start_tls "$(tls_pairs a)" 'workers = 1'
sizes=(1000 16384 16385 300000 5000000)
fetch() { # CLIENT: requests three files, over one connection
	local size round urls=() url=$URL
	[ $(($1 % 5)) != 0 ] || url=$PLAIN_URL
	for round in 1 2 3; do
		size=${sizes[$((($1 + round) % 5))]}
		echo "$size.bin 0 $((size - 1))" >&3
		urls+=(-o "$DIR/out.$((3 * $1 + round))" "$url/$size.bin")
	done
	curl -sS "${TRUST[@]}" "${urls[@]}" >"$DIR/said.$1" 2>&1 3>&- & clients[$1]=$!
}
for i in {0..29}; do fetch "$i"; done 3>"$DIR/ranges"
wait "${clients[@]}"
is "$(cat "$DIR"/said.*)" "" "no request fails"
compare_ranges 90
logged() { [ "$(grep -c '" 200 ' "$DIR/access.log")" = 90 ]; }
ok "each request is in the access log" await 5 logged

# max_connections counts connections with and without TLS.
stop_ranged
start_tls "$(tls_pairs a)" 'max_connections = 3'
idle=$(socket_count)
for i in 1 2 3; do (printf G | tls_wire >/dev/null) & done
connected() { [ "$(socket_count)" -ge $((idle + 3)) ]; }
ok "three clients are connected" await 10 connected
secure_get /1000.bin
is "$RC $STATUS" "0 503" "another TLS connection is rejected"
URL=$PLAIN_URL
get /1000.bin
is "$STATUS" 503 "another connection without TLS is rejected"
finish
