#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TLS clients that stop reading short ranges of large files do not keep the cache from other clients.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

hot=()
for i in $(seq 0 35); do hot+=("hot$i.bin" 1048576); done
make_file "${hot[@]}" cold1.bin 1048576 cold2.bin 1048576 cold3.bin 1048576
make_certificate a a.example
start_tls "$(tls_pairs a)" 'drain_timeout = 100ms' # clients that do not read delay the stop at most this long
curl -sS "$PLAIN_URL/hot[0-35].bin" >/dev/null
# openssl stops reading when its output is not read.
for i in $(seq 0 35); do
	for _ in $(seq 200); do printf 'GET /hot%d.bin HTTP/1.1\r\nHost: a.example\r\nRange: bytes=0-16383\r\n\r\n' "$i"; done >"$DIR/request$i"
	(timeout "$(seconds 40)" openssl s_client -quiet -connect "$TLS_ADDRESS" <"$DIR/request$i" 2>/dev/null |
		{ head -c 100 >/dev/null; echo >>"$DIR/held"; sleep infinity; }) &
done
held() { [ "$(wc -l <"$DIR/held")" = 36 ]; }
ok "36 clients have read the first bytes" await 10 held
settled() {
	local before=$HITS
	take_stats
	HITS=$(stat_of hits 'stats cache ')
	[ "$HITS" = "$before" ]
}
HITS=
ok "nothing more is sent to them" await 10 settled
for i in 1 2 3; do
	secure_get "/cold$i.bin" --interface 127.0.0.77 --max-time "$(seconds 3)"
	cmp_whole "cold$i.bin" "cold file $i is served to another client"
done
finish
