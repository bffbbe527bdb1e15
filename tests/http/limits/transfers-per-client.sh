#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# transfers_per_client limits the concurrent responses of a client. A response that ends or is aborted makes room for
# another one.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 8000000 small.bin 100
config 'transfers_per_client = 2' 'rate = 1M'
start_ranged --workers 2
busy() { # COUNT: waits for this number of connections
	await 10 sockets_at_least "$1"
	sleep 0.3
}
sockets_at_least() { [ "$(ss -Htn state established "( sport = :${ADDRESS##*:} )" | wc -l)" -ge "$1" ]; }
for i in 1 2; do
	curl -sS -o /dev/null "$URL/a.bin" &
	FETCH[i]=$!
done
busy 2
get /small.bin
is "$STATUS $(header Retry-After)" "429 1" "a third transfer is rejected"
get /small.bin --interface 127.0.0.2
is "$STATUS" 200 "another client is served"
kill "${FETCH[1]}"
wait "${FETCH[1]}" 2>/dev/null
allowed() { get /small.bin; [ "$STATUS" = 200 ]; }
ok "after an aborted transfer another one is served" await 10 allowed
cmp_whole small.bin
for _ in 1 2 3 4 5; do
	get /small.bin
	head_of /small.bin
	get /absent
	get /small.bin -H "If-None-Match: $(etag_of "$ROOT/small.bin")"
done
is "$STATUS" 304 "every response that ends makes room for another one"
kill "${FETCH[2]}"
finish
