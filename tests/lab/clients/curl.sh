#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# curl: concurrent ranges, resumed downloads, several ranges in a request; over HTTP/1.0, IPv6, a Unix socket and TLS.
. "$(dirname "$0")/lib.sh"
# shellcheck source=../../http/tls.sh
. "$LIB/tls.sh"

need_client curl curl
make_file big.bin 20000000
make_certificate a localhost
LISTEN=
listeners='"127.0.0.1:0", "tls:127.0.0.1:0", "unix:'$DIR'/socket"'
[ ! -e /proc/sys/net/ipv6/conf/lo/disable_ipv6 ] || [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6)" = 1 ] || listeners+=', "[::1]:0"'
config "${CLIENT_CONFIG[@]}" "listen = {$listeners}" "$(tls_pairs a)"
start_ranged
cd "$DIR" || exit 1
ways=("plain $URL" "http1.0 -0 $URL" "tls --cacert a.pem https://localhost:$(sed -n 's/^tls:.*://p' address)" "unix --unix-socket socket http://localhost")
v6=$(grep -F '[::1]' address)
[ -z "$v6" ] || ways+=("ipv6 http://$v6")
for way in "${ways[@]}"; do
	read -r name options <<<"$way"
	base=${options##* }
	read -ra options <<<"${options% *}"
	[ "${options[0]:-}" != "$base" ] || options=()
	rm -f part.* big.bin
	parts=()
	for i in 0 1 2 3 4 5 6 7; do parts+=(-r "$((i * 2500000))-$((i * 2500000 + 2499999))" -o "part.$i" "$base/big.bin" --next -sS -f "${options[@]}"); done
	unset 'parts[-1]' 'parts[-1]' 'parts[-1]'
	for _ in "${options[@]}"; do unset 'parts[-1]'; done
	ok "$name: concurrent ranges are served" curl -Z --parallel-immediate --no-progress-meter -sS -f "${options[@]}" "${parts[@]}"
	cat part.? >whole
	ok "$name: the ranges make up the file" cmp "$ROOT/big.bin" whole
	head -c 7654321 "$ROOT/big.bin" >big.bin
	ok "$name: a download is resumed" curl -sS -f "${options[@]}" -C - -o big.bin "$base/big.bin"
	ok "$name: the file is complete" cmp "$ROOT/big.bin" big.bin
	ok "$name: several ranges in a request are served" curl -sS -f "${options[@]}" -r 0-9,5000000-5000009 -o multi "$base/big.bin"
	is "$(grep -ac '^Content-Range: bytes' multi)" 2 "$name: the response has two parts"
done
# Like video downloaders: many connections, each with a small range.
for i in $(seq 0 39); do printf 'url = "%s/big.bin"\nrange = "%s-%s"\noutput = "piece.%02d"\n%s\n' "$URL" $((i * 500000)) $((i * 500000 + 499999)) "$i" next; done | sed '$d' >pieces
ok "40 ranges on 40 connections are served" curl -sS -Z --parallel-immediate --parallel-max 40 --no-progress-meter --config pieces
cat piece.?? >whole
ok "the ranges make up the file" cmp "$ROOT/big.bin" whole
finish
