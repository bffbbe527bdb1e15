#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The memory of connections: an idle connection takes about 17 KiB, and a reader that stalls in a long body at most
# 48 KiB. The unsent bytes of its socket are memory of the kernel.
. "$(dirname "$0")/../lib.sh"

[ -z "$SANITIZED" ] || skip_all "the memory of a sanitizer would be counted"
make_file a.bin 100 long.bin 20000000
config 'max_connections_per_client = 0' 'min_rate = 0'
CACHE=64M
start_ranged --workers 1
for _ in 1 2 3; do curl -sS -o /dev/null -o /dev/null "$URL/a.bin" "$URL/long.bin"; done

# NAME LIMIT COUNT PATH: connections that have sent a request for a path take at most LIMIT bytes each. The first ones are
# not measured, because the memory of the allocator grows in steps.
measure() {
	local before clients=()
	hold 50 "$4"
	before=$(rss_kib)
	hold "$3" "$4"
	at_most $((($(rss_kib) - before) * 1024 / $3)) "$2" "$1 takes little memory (bytes)"
	kill "${clients[@]}"
	wait "${clients[@]}" 2>/dev/null
}
hold() { # COUNT PATH
	printf 'GET %s HTTP/1.1\r\nHost: x\r\n\r\n' "$2" | perl "$LIB/slow.pl" "$1" "$ADDRESS" own=127.0.3.1 addresses=8 >"$DIR/held" &
	clients+=($!)
	await 20 grep -q held "$DIR/held" || fail "the connections are open"
	rm "$DIR/held"
	SENT=
	await 20 settled || fail "the connections have settled"
}
settled() {
	local before=$SENT
	take_stats
	SENT=$(stat_of bytes 'stats bytes')/$(rss_kib)
	[ "$SENT" = "$before" ]
}
measure "an idle connection" $((18 * 1024)) 1000 /a.bin
measure "a stalled reader" $((48 * 1024)) 500 /long.bin
finish
