#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 50 concurrent clients, with and without TLS, for small and large files, are served correctly by one worker.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_sizes 1000 16384 16385 300000 5000000
CACHE=8M
start_tls "$(tls_pairs a)" 'workers = 1'
sizes=(1000 16384 16385 300000 5000000)
fetch() { # CLIENT
	local size file url round
	for round in 1 2 3; do
		size=${sizes[$((($1 + round) % 5))]}
		url=$URL
		[ $(($1 % 5)) != 0 ] || url=$PLAIN_URL
		file=$DIR/out.$1.$round
		curl -sS "${TRUST[@]}" -o "$file" "$url/$size.bin" 2>&1 && cmp "$file" "$ROOT/$size.bin"
		rm -f "$file"
	done
}
for i in {1..50}; do fetch "$i" >"$DIR/said.$i" 2>&1 & clients[i]=$!; done
wait "${clients[@]}"
is "$(cat "$DIR"/said.*)" "" "all of 150 files are complete"
logged() { [ "$(grep -c '" 200 ' "$DIR/access.log")" = 150 ]; }
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
