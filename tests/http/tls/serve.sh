#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TLS connections serve whole files, ranges, HEAD, errors, several requests per connection and pipelined requests.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
# shellcheck disable=SC2086
make_sizes 10007 16384 16385 300000 $ODD_SIZES
start_tls "$(tls_pairs a)"
for i in 1 2; do # the second time from the cache
	for size in 1 512 10007 16384 16385 300000 1048577; do
		secure_get "/$size.bin"
		is "$STATUS $RC" "200 0" "round $i: $size bytes are served"
		cmp_whole "$size.bin" "round $i: the body of $size bytes is correct"
	done
done
secure_get /300000.bin -r 12345-245678
is "$STATUS" 206 "a range is served"
cmp_range 300000.bin 12345 245678
use_address "$TLS_ADDRESS"
URL=https://$TLS_ADDRESS
CURL_CA_BUNDLE=$DIR/a.pem check_odd_ranges "by TLS"
use_name a.example
get_whole_head() { secure_get "$1" --head; cp "$HEAD" "$DIR/whole.head"; }
get_whole_head /300000.bin
is "$STATUS $(header Content-Length)" "200 300000" "HEAD is served"
secure_get /300000.bin -r 0-99,100000-199999
is_multipart 300000.bin 0-99 100000-199999
secure_get /none
is "$STATUS $(cat "$BODY")" "404 404 Not Found" "an error is served"

curl -sS "${TRUST[@]}" -o "$DIR/1" "$URL/10007.bin" -o "$DIR/2" "$URL/1048577.bin" -o "$DIR/3" "$URL/none" -o "$DIR/4" "$URL/16385.bin" \
	-w '%{num_connects}\n' >"$DIR/connects"
is "$(tr '\n' ' ' <"$DIR/connects")" "1 0 0 0 " "four requests use one connection"
cmp_whole 1048577.bin "the second response is correct" "$DIR/2"
cmp_whole 16385.bin "the last response is correct" "$DIR/4"

printf 'GET /%s HTTP/1.1\r\nHost: a.example\r\n\r\n' 10007.bin 300000.bin none 16385.bin >"$DIR/requests"
printf 'GET /1.bin HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n' >>"$DIR/requests"
tls_wire <"$DIR/requests" >"$DIR/reply"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" "200 200 404 200 200" "pipelined requests in one record are served"
cmp_whole 300000.bin "the second pipelined response is correct" "$DIR/2.body"
cmp_whole 16385.bin "the fourth pipelined response is correct" "$DIR/4.body"

get /10007.bin
isnt "$RC" 0 "curl rejects a certificate of an unknown issuer"
like "$(printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | perl "$LIB/wire.pl" "$TLS_ADDRESS" | tr -d '\0' | head -c 200)" '^[^H]*$' \
	"a plain request on a TLS port gets no plain response"
finish
