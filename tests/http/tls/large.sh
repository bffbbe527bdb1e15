#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Long files by TLS, cold, hot, several at once, and cold with next to no memory.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_file big.bin 104857600
CACHE=160M
start_tls "$(tls_pairs a)"
for i in cold hot; do
	secure_get /big.bin -w '%{http_code} %{speed_download}'
	is "${STATUS% *} $RC" "200 0" "100 MiB, $i"
	cmp_whole big.bin "all of them, $i"
	diag "$i: ${STATUS#* } bytes/s"
	at_least "${STATUS#* }" $((4000000 / RANGED_SLOW)) "not by drops, $i"
done
curl -sS "${TRUST[@]}" -r 0-49999999 -o "$DIR/1" "$URL/big.bin" & one=$!
curl -sS "${TRUST[@]}" -r 50000000- -o "$DIR/2" "$URL/big.bin" & two=$!
wait $one $two
cat "$DIR/1" "$DIR/2" >"$DIR/both"
cmp_whole big.bin "two halves at once" "$DIR/both"
stop_ranged
CACHE=4M
start_tls "$(tls_pairs a)"
secure_get /big.bin
cmp_whole big.bin "with 4 MiB of memory"
finish
