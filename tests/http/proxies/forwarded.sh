#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# trusted_proxies: the client of a trusted proxy is the one that the proxy names. Fields of other clients are ignored.
. "$(dirname "$0")/../lib.sh"

make_file a.txt 100 p/a.txt 100
config 'trusted_proxies = {"127.0.1.0/24", "10.0.0.0/8", "unix:"}' 'location "/p/" { allow = {"192.0.2.0/24", "127.0.0.7"} }'
LISTEN=
start_ranged --listen 127.0.0.1:0 --listen "unix:$DIR/socket"

check() { # NAME STATUS PEER FIELD...
	local fields=() field
	for field in "${@:4}"; do fields+=(-H "$field"); done
	get /p/a.txt --interface "$3" "${fields[@]}"
	is "$STATUS" "$2" "$1"
}
check "an allowed client" 200 127.0.0.7
check "another client" 403 127.0.0.8
check "an allowed client of a proxy" 200 127.0.1.1 'X-Forwarded-For: 192.0.2.1'
check "another client of a proxy" 403 127.0.1.1 'X-Forwarded-For: 198.51.100.1'
check "Forwarded" 200 127.0.1.1 'Forwarded: for=192.0.2.1;proto=https'
check "an address with a port" 200 127.0.1.1 'Forwarded: for="192.0.2.1:4711"'
check "both fields with the same client" 200 127.0.1.1 'Forwarded: for=192.0.2.1' 'X-Forwarded-For: 192.0.2.1'
check "both fields with different clients: one of them may come from the client" 400 127.0.1.1 'Forwarded: for=198.51.100.1' 'X-Forwarded-For: 192.0.2.1'
check "both fields with different clients, exchanged" 400 127.0.1.1 'Forwarded: for=192.0.2.1' 'X-Forwarded-For: 198.51.100.1'
check "two proxies" 200 127.0.1.1 'X-Forwarded-For: 192.0.2.1, 10.1.2.3'
check "two proxies in two fields" 200 127.0.1.1 'X-Forwarded-For: 192.0.2.1' 'X-Forwarded-For: 10.1.2.3'
check "an address that the client adds is ignored" 403 127.0.1.1 'X-Forwarded-For: 192.0.2.1, 198.51.100.1'
check "an address that the client adds in Forwarded is ignored" 403 127.0.1.1 'Forwarded: for=192.0.2.1, for=198.51.100.1'
check "an unterminated quote does not hide an address" 403 127.0.1.1 'Forwarded: for="192.0.2.1, for=198.51.100.1'
check "a field of a client without a proxy is ignored" 403 127.0.0.8 'X-Forwarded-For: 192.0.2.1'
check "Forwarded of a client without a proxy is ignored" 403 127.0.0.8 'Forwarded: for=192.0.2.1'
check "an allowed client remains allowed" 200 127.0.0.7 'X-Forwarded-For: 198.51.100.1'
check "a proxy that sends no field is the client itself" 403 127.0.1.1
check "an unknown client" 403 127.0.1.1 'Forwarded: for=_hidden'
get /a.txt --unix-socket "$DIR/socket" -H 'X-Forwarded-For: 2001:db8::1'
is "$STATUS" 200 "a proxy on a Unix socket is trusted"
get /a.txt --interface 127.0.0.8 -H 'X-Forwarded-For: 203.0.113.66'
ask 'GET /%%zz HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.77\r\nConnection: close\r\n\r\n' -i 127.0.1.1
stop_ranged
ok "the access log has the address of the client" grep -q '^192\.0\.2\.1 - - .* 200 ' "$DIR/access.log"
ok "the access log has IPv6 addresses of clients" grep -q '^2001:db8::1 - - .* 200 ' "$DIR/access.log"
ok "a request that is rejected early is logged with the client" grep -q '^203\.0\.113\.77 - - .* 400 ' "$DIR/access.log"
not_ok "the access log does not contain an address that a client claims" grep -q '^203\.0\.113\.66' "$DIR/access.log"
finish
