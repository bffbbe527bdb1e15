#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that disconnect in the handshake, in a request header, or in a response leave nothing behind.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_sizes 1000 20000000
start_tls "$(tls_pairs a)"
secure_get /20000000.bin
idle=$(socket_count)
for i in 1 3 6 10; do
	for how in -a -q; do
		printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' | perl "$LIB/wire.pl" -f 0 $how "$TLS_ADDRESS" >/dev/null
		printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | perl "$LIB/wire.pl" -f 1 $how "$TLS_ADDRESS" >/dev/null
	done
	curl -sS "${TRUST[@]}" "$URL/20000000.bin" 2>/dev/null | head -c $((i * 100000)) >/dev/null
done
echo | openssl s_client -connect "$TLS_ADDRESS" >/dev/null 2>&1
printf 'GET /1000.bin HT' | timeout 1 openssl s_client -connect "$TLS_ADDRESS" >/dev/null 2>&1
ok "all connections are closed" await 10 sockets_at_most "$idle"
secure_get /20000000.bin
cmp_whole 20000000.bin "other clients are served"
like "$(grep -c ' 200 ' "$DIR/access.log")" '^[56]$' "each client that sent a request is in the access log"
finish
