#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Addresses as other servers write them. A spelling with one meaning is accepted, another one is rejected with the right
# spelling. Two addresses that exclude each other are reported before the start.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
check() { printf '%s\n' "$@" >"$DIR/try.conf"; OUT=$("$RANGED" --check -c "$DIR/try.conf" "$ROOT" 2>&1 </dev/null); }

port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
LISTEN=
for spelling in ":$port" "*:$port" "$port"; do
	start_ranged --listen "$spelling"
	use_address "127.0.0.1:$port"
	get /a.bin
	is "$STATUS" 200 "--listen $spelling serves requests"
	stop_ranged
done

for value in '443 ssl=tls::443' '[::1]:8080 default_server=[::1]:8080' 'https://:443=tls::443' 'http://a.example=a.example:80' \
	'unix:run/x.sock=unix:/run/x.sock' '/run/x.sock=unix:/run/x.sock' '::1:8080=[::1]:8080' 'localhost=localhost:8080'; do
	for key in listen monitor; do
		check "$key = \"${value%=*}\""
		ok "$key = \"${value%=*}\" is rejected with the right spelling" grep -F "$key: \"${value%=*}\": " <<<"$OUT"
		ok "the spelling is ${value##*=}" grep -F " \"${value##*=}\"" <<<"$OUT"
	done
done
for value in 9181 ':9181' '*:9181' '0.0.0.0:9181'; do
	check "admin = \"$value\""
	like "$OUT" "admin: .*other hosts" "admin = \"$value\" is rejected, because other hosts could reach it"
done

check 'listen = {":8080", "*:8080", "8080"}' 'monitor = "127.0.0.1:9181"' 'admin = "127.0.0.1:9180"'
like "$OUT" ': ok$' "spellings of the same address are one address"
excluded() { # ADDRESS ADDRESS: checks both orders
	local pair
	for pair in "\"$1\", \"$2\"" "\"$2\", \"$1\""; do
		check "listen = {$pair}"
		like "$OUT" "try.conf: listen \"[^\"]*\" and listen \"[^\"]*\": " "$pair exclude each other"
		ok "the message has $1" grep -F "\"$1\"" <<<"$OUT"
		ok "the message has $2" grep -F "\"$2\"" <<<"$OUT"
	done
}
excluded :80 0.0.0.0:80
excluded :80 '[::]:80'
excluded :80 127.0.0.1:80
excluded :80 tls::80
excluded :80 host.example:80
excluded '[::]:80' '[2001:db8::1]:80'
excluded localhost:80 127.0.0.1:80
check 'listen = {"0.0.0.0:80", "[::]:80", "127.0.0.1:81", ":82", ":0", "127.0.0.1:0"}'
like "$OUT" ': ok$' "other addresses do not exclude each other"
check 'site "a.example" {' ' listen = "8080"' '}'
like "$OUT" 'listen "127.0.0.1:8080" \(the default outside all sites\) and listen ":8080"' "the default is named"
check 'listen = ":80"' 'site "a.example" {' ' listen = "127.0.0.1:80"' '}'
like "$OUT" 'listen ":80" and listen "127.0.0.1:80" \(site "a.example" in .*:2\)' "the message names the site"
check 'listen = ":80"' 'monitor = "tls:*:80"'
like "$OUT" 'listen ":80" and monitor "tls::80"' "addresses of different keys are compared"
check 'admin = {"127.0.0.1:9180", "127.0.0.1:09180"}'
like "$OUT" 'admin "127.0.0.1:9180" and admin "127.0.0.1:9180": the address is configured twice' "an address of admin is listed once"
finish
