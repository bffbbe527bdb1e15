#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Large files over TLS, cold, hot and concurrently, and with the smallest cache.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_file big.bin 50000000
CACHE=80M
start_tls "$(tls_pairs a)"
for i in cold hot; do
	secure_get /big.bin -w '%{http_code} %{speed_download}'
	is "${STATUS% *} $RC" "200 0" "50 MB are served ($i)"
	cmp_whole big.bin "the body is correct ($i)"
	diag "$i: ${STATUS#* } bytes/s"
	at_least "${STATUS#* }" $((4000000 / RANGED_SLOW)) "the transfer is not slow ($i)"
done
curl -sS "${TRUST[@]}" -r 0-24999999 -o "$DIR/1" "$URL/big.bin" & one=$!
curl -sS "${TRUST[@]}" -r 25000000- -o "$DIR/2" "$URL/big.bin" & two=$!
wait $one $two
cat "$DIR/1" "$DIR/2" >"$DIR/both"
cmp_whole big.bin "two concurrent halves are correct" "$DIR/both"
stop_ranged
CACHE=4M
start_tls "$(tls_pairs a)"
secure_get /big.bin
cmp_whole big.bin "the file is correct with 4 MiB of cache"
finish
