#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Requests of a trusted proxy count for the client that the proxy names. If the client uses https, the request is https.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100 s/a.bin 100 free/a.bin 100
config 'trusted_proxies = {"127.0.1.0/24"}' 'location "/a.bin" { requests_per_client = 5 }' 'location "/s/" { https_redirect = true' '  hsts = 60s }'
start_ranged --workers 2
passed() { # FIELD [CURL-OPTION...]: how many of 20 at once are not refused
	curl -sS -o /dev/null -w '%{http_code}\n' -H "$1" "${@:2}" "$URL/a.bin?[1-20]" | grep -c '^200$'
}
proxy=(--interface 127.0.1.1)
for client in 192.0.2.1 192.0.2.2 2001:db8:1::1 2001:db8:2::1; do
	at_least "$(passed "X-Forwarded-For: $client" "${proxy[@]}")" 5 "$client has a limit of its own"
done
at_most "$(passed 'X-Forwarded-For: 192.0.2.1' --interface 127.0.1.2)" 6 \
	"the same client through another proxy has the same limit"
at_most "$(passed 'X-Forwarded-For: 2001:db8:1::9' "${proxy[@]}")" 6 \
	"another address of the same /64 network has the same limit"
passed 'X-Forwarded-For: 192.0.2.7' >/dev/null
at_most "$(passed 'X-Forwarded-For: 192.0.2.8')" 6 "a client without a proxy has one limit, whatever it claims"

check() { # NAME STATUS CURL-OPTION...
	get /s/a.bin "${@:3}"
	is "$STATUS" "$2" "$1"
}
check "http without a proxy" 308
check "a proxy that sends no field" 308 "${proxy[@]}"
check "a proxy that reports https" 200 "${proxy[@]}" -H 'X-Forwarded-Proto: https'
is "$(header Strict-Transport-Security)" max-age=60 "a request that is https has Strict-Transport-Security"
check "a proxy that reports http" 308 "${proxy[@]}" -H 'X-Forwarded-Proto: http'
check "a proxy that reports https with Forwarded" 200 "${proxy[@]}" -H 'Forwarded: for=192.0.2.1;proto=https'
check "a second proxy does not change the protocol" 200 "${proxy[@]}" -H 'Forwarded: for=192.0.2.1;proto=https, for=127.0.1.9;proto=http'
check "a field of a client is ignored" 308 -H 'X-Forwarded-Proto: https'
check "Forwarded of a client is ignored" 308 -H 'Forwarded: proto=https'
finish
