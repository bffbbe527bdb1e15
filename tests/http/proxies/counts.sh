#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Behind a trusted proxy limits are about whom it speaks for, and https on the way to it is https.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100 s/a.bin 100 free/a.bin 100
config 'trusted_proxies = {"127.0.1.0/24"}' 'location "/a.bin" { requests_per_client = 5 }' 'location "/s/" { https_redirect = true' '  hsts = 60s }'
start_ranged --workers 2
passed() { # FIELD [CURL-OPTION...]: how many of 20 at once are not refused
	curl -sS -o /dev/null -w '%{http_code}\n' -H "$1" "${@:2}" "$URL/a.bin?[1-20]" | grep -c '^200$'
}
proxy=(--interface 127.0.1.1)
for client in 192.0.2.1 192.0.2.2 2001:db8:1::1 2001:db8:2::1; do
	at_least "$(passed "X-Forwarded-For: $client" "${proxy[@]}")" 5 "$client has its own"
done
at_most "$(passed 'X-Forwarded-For: 192.0.2.1' --interface 127.0.1.2)" 6 "by another proxy it is the same client"
at_most "$(passed 'X-Forwarded-For: 2001:db8:1::9' "${proxy[@]}")" 6 "so is another address of its /64"
passed 'X-Forwarded-For: 192.0.2.7' >/dev/null
at_most "$(passed 'X-Forwarded-For: 192.0.2.8')" 6 "who is no proxy has one"

check() { # NAME STATUS CURL-OPTION...
	get /s/a.bin "${@:3}"
	is "$STATUS" "$2" "$1"
}
check "in the clear" 308
check "by a proxy that says nothing" 308 "${proxy[@]}"
check "by a proxy, https" 200 "${proxy[@]}" -H 'X-Forwarded-Proto: https'
is "$(header Strict-Transport-Security)" max-age=60 "which is https"
check "by a proxy, http" 308 "${proxy[@]}" -H 'X-Forwarded-Proto: http'
check "by a proxy, with Forwarded" 200 "${proxy[@]}" -H 'Forwarded: for=192.0.2.1;proto=https'
check "another proxy between them does not matter" 200 "${proxy[@]}" -H 'Forwarded: for=192.0.2.1;proto=https, for=127.0.1.9;proto=http'
check "what a client says itself does not count" 308 -H 'X-Forwarded-Proto: https'
check "nor by Forwarded" 308 -H 'Forwarded: proto=https'
finish
