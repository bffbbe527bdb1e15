#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# hsts: Strict-Transport-Security is sent over TLS only, with every status, also by prebuilt responses.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_sizes 1000 30000 3000000
make_text quiet/x.txt quiet
start_tls "$(tls_pairs a)" 'hsts = 1y' 'location "/quiet/" { hsts = 0 }' 'workers = 1'
said() { # FILE: prints the status and the field of this header
	local status
	read -r _ status _ <"$1"
	echo "$status $(header Strict-Transport-Security "$1" || echo none)"
}
for i in 1 2 3 4; do # alternately, because responses are prebuilt
	requests=()
	for size in 1000 30000 3000000; do
		requests+=(-sS "${TRUST[@]}" -D "$DIR/tls.$size" -o "$BODY" "$URL/$size.bin" --next)
		requests+=(-sS -D "$DIR/plain.$size" -o "$BODY" "$PLAIN_URL/$size.bin" --next)
	done
	curl "${requests[@]}" -sS -o "$BODY" "$PLAIN_URL/1000.bin"
	for size in 1000 30000 3000000; do
		is "$(said "$DIR/tls.$size")" "200 max-age=31536000" "over TLS, $size bytes, request $i"
		is "$(said "$DIR/plain.$size")" "200 none" "without TLS, $size bytes, request $i"
	done
done
for request in "/none" "/quiet" "/1000.bin -r 0-9" "/1000.bin -r 5000-" "/1000.bin --head" "/1000.bin -X PUT" "/1000.bin -X OPTIONS"; do
	# shellcheck disable=SC2086
	secure_get $request
	is "$(said "$HEAD")" "$STATUS max-age=31536000" "a response with status $STATUS has the field"
done
secure_get /quiet/x.txt
is "$(said "$HEAD")" "200 none" "the value 0 sends no field"
finish
