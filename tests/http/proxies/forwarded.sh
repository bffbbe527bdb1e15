#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# trusted_proxies: whom they speak for is who is asked about; what others say of themselves is not believed.
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
check "a client in person" 200 127.0.0.7
check "another one" 403 127.0.0.8
check "a proxy's client" 200 127.0.1.1 'X-Forwarded-For: 192.0.2.1'
check "another one" 403 127.0.1.1 'X-Forwarded-For: 198.51.100.1'
check "by Forwarded" 200 127.0.1.1 'Forwarded: for=192.0.2.1;proto=https'
check "with a port" 200 127.0.1.1 'Forwarded: for="192.0.2.1:4711"'
check "both, of one client" 200 127.0.1.1 'Forwarded: for=192.0.2.1' 'X-Forwarded-For: 192.0.2.1'
check "both, of two: one of them is a client's own word" 400 127.0.1.1 'Forwarded: for=198.51.100.1' 'X-Forwarded-For: 192.0.2.1'
check "whichever it is" 400 127.0.1.1 'Forwarded: for=192.0.2.1' 'X-Forwarded-For: 198.51.100.1'
check "two proxies" 200 127.0.1.1 'X-Forwarded-For: 192.0.2.1, 10.1.2.3'
check "in two fields" 200 127.0.1.1 'X-Forwarded-For: 192.0.2.1' 'X-Forwarded-For: 10.1.2.3'
check "what a client puts before is not believed" 403 127.0.1.1 'X-Forwarded-For: 192.0.2.1, 198.51.100.1'
check "nor by Forwarded" 403 127.0.1.1 'Forwarded: for=192.0.2.1, for=198.51.100.1'
check "nor with a quote left open" 403 127.0.1.1 'Forwarded: for="192.0.2.1, for=198.51.100.1'
check "who is no proxy speaks for nobody" 403 127.0.0.8 'X-Forwarded-For: 192.0.2.1'
check "by Forwarded neither" 403 127.0.0.8 'Forwarded: for=192.0.2.1'
check "nor does he get rid of himself" 200 127.0.0.7 'X-Forwarded-For: 198.51.100.1'
check "a proxy that says nothing is itself" 403 127.0.1.1
check "a client that it hides" 403 127.0.1.1 'Forwarded: for=_hidden'
get /a.txt --unix-socket "$DIR/socket" -H 'X-Forwarded-For: 2001:db8::1'
is "$STATUS" 200 "a proxy on a Unix socket"
get /a.txt --interface 127.0.0.8 -H 'X-Forwarded-For: 203.0.113.66'
ask 'GET /%%zz HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.77\r\nConnection: close\r\n\r\n' -i 127.0.1.1
stop_ranged
ok "the log says who it was" grep -q '^192\.0\.2\.1 - - .* 200 ' "$DIR/access.log"
ok "also by IPv6" grep -q '^2001:db8::1 - - .* 200 ' "$DIR/access.log"
ok "also of what was refused early" grep -q '^203\.0\.113\.77 - - .* 400 ' "$DIR/access.log"
not_ok "and not who it said it was" grep -q '^203\.0\.113\.66' "$DIR/access.log"
finish
