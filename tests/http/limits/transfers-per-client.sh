#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# transfers_per_client: so many answers at a time; whoever ends or goes makes room.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 8000000 small.bin 100
config 'transfers_per_client = 2' 'rate = 1M'
start_ranged --workers 2
busy() { # COUNT: until so many are under way
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
is "$STATUS $(header Retry-After)" "429 1" "a third one"
get /small.bin --interface 127.0.0.2
is "$STATUS" 200 "of another client"
kill "${FETCH[1]}"
wait "${FETCH[1]}" 2>/dev/null
allowed() { get /small.bin; [ "$STATUS" = 200 ]; }
ok "when one was aborted there is room" await 10 allowed
cmp_whole small.bin
for _ in 1 2 3 4 5; do
	get /small.bin
	head_of /small.bin
	get /absent
	get /small.bin -H "If-None-Match: $(etag_of "$ROOT/small.bin")"
done
is "$STATUS" 304 "each that ends gives back its place"
kill "${FETCH[2]}"
finish
