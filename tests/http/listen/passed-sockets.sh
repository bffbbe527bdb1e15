#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sockets passed by systemd are used by name, for TCP, IPv6, Unix sockets and TLS. Without a listen key all passed
# sockets are used. They are never removed.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_file a.bin 3000001
make_text api/b.txt 'of the other site'
make_certificate a a.example
LISTEN=
hand_over() { PREFIX=(perl "$LIB/pass.pl" "$@" --); } # NAME=ADDRESS...
served() { # NAME EXPECTED-STATUS PATH [CURL-OPTION...]
	get "$3" "${@:4}"
	is "$STATUS" "$2" "$1"
}
refused() { # NAME REGEX OPTION...
	local out
	out=$(timeout "$(seconds 10)" "${PREFIX[@]}" "$RANGED" -m 16M "${@:3}" </dev/null 2>&1)
	isnt $? 0 "$1: the start fails"
	like "$out" "$2" "$1: the message names the reason"
}
family=("[::1]:0")
perl -MSocket=:DEFAULT,inet_pton -e 'socket S, PF_INET6, SOCK_STREAM, 0 or exit 1; bind S, pack_sockaddr_in6(0, inet_pton(AF_INET6, "::1")) or exit 1' ||
	family=(127.0.0.1:0)

hand_over web=127.0.0.1:0 "web=${family[0]}" "local=unix:$DIR/socket" "local=unix:@ranged-test-$$"
start_ranged
is "$(wc -l <"$DIR/address")" 4 "without a listen key all passed sockets are used"
for address in $(head -n 2 "$DIR/address"); do
	use_address "$address"
	served "$address" 200 /a.bin
	cmp_whole a.bin
done
is "$(sed -n '3,4p' "$DIR/address" | paste -sd ' ')" "unix:$DIR/socket unix:@ranged-test-$$" \
	"the names of Unix sockets are in the address file"
served "a Unix socket" 200 /a.bin --unix-socket "$DIR/socket"
cmp_whole a.bin
served "an abstract Unix socket" 200 /a.bin --abstract-unix-socket "ranged-test-$$"
grep -q 'but no listen key uses this name' "$DIR/error.log"
is $? 1 "there is no warning"
stop_ranged
ok "the file of the Unix socket remains" test -S "$DIR/socket"

rm "$DIR/socket"
both=('listen = {"127.0.0.1:0", "fd:web"}' "$(tls_pairs a)" 'site "api.example" {' " root = \"$ROOT/api\"" ' listen = {"fd:api", "tls:fd:secure"}' '}')
config "${both[@]}"
hand_over spare=127.0.0.1:0 secure=127.0.0.1:0 "api=unix:$DIR/socket" web=127.0.0.1:0 "api=127.0.0.1:0"
start_ranged
is "$(sed 's/127.*/tcp/; s/unix.*/unix/' "$DIR/address" | paste -sd ' ')" "tcp tcp unix tcp tls:tcp" \
	"passed sockets are used by name, beside a socket that ranged opens"
use_address "$(sed -n 2p "$DIR/address")"
served "the socket of the top level" 200 /a.bin
use_address "$(sed -n 4p "$DIR/address")"
served "the second socket of the site" 200 /b.txt -H 'Host: api.example'
served "the top level on the socket of the site" 421 /a.bin
served "the first socket of the site" 200 /b.txt --unix-socket "$DIR/socket" -H 'Host: api.example'
web=$(sed -n 2p "$DIR/address")
config 'listen = {"fd:spare", "fd:web"}'
count=$(grep -c 'configuration reloaded' "$DIR/error.log")
kill -HUP "$PID"
taken() { [ "$(grep -c 'configuration reloaded' "$DIR/error.log")" -gt "$count" ]; }
ok "a reload with other names succeeds" await 5 taken
use_address "$(head -n 1 "$DIR/address")"
served "a socket that was not used before" 200 /a.bin
use_address "$web"
served "a socket that was used before" 200 /a.bin
not_ok "a socket that is no longer named accepts no connection" curl -sS --max-time 1 --unix-socket "$DIR/socket" http://localhost/a.bin
ok "the unused socket is logged" await 10 grep -q 'passed as "api", but no listen key uses this name' "$DIR/error.log"
config "${both[@]}"
count=$((count + 1))
kill -HUP "$PID"
ok "a reload with the first names succeeds" await 5 taken
TLS_PORT=$(sed -n 's/^tls:.*://p' "$DIR/address")
URL=https://api.example:$TLS_PORT
served "a passed socket with TLS" 200 /b.txt -k --connect-to "::127.0.0.1:$TLS_PORT"
is "$(grep -c 'passed as "spare", but no listen key uses this name' "$DIR/error.log")" 2 \
	"each start and reload warns of an unused socket"
stop_ranged

rm "$DIR/socket"
config 'listen = {"fd:absent"}'
refused "a name that was not passed" 'fd:absent: no passed socket has this name' -c "$DIR/ranged.conf" "$ROOT"
hand_over web=udp
refused "a socket that does not listen" '"web" is not a listening stream socket' "$ROOT"
PREFIX=()
refused "no passed sockets" 'fd:absent: no sockets were passed' -c "$DIR/ranged.conf" "$ROOT"
ok "--check accepts a name of a passed socket" "$RANGED" --check -c "$DIR/ranged.conf" "$ROOT"
PREFIX=()
refused "an empty name" 'name of the sockets is missing' -l fd: "$ROOT"

rm "$DIR/ranged.conf"
hand_over web=127.0.0.1:0
start_ranged --listen 127.0.0.1:0
is "$(wc -l <"$DIR/address")" 1 "addresses of the command line replace passed sockets"
ok "the unused passed socket is logged" await 10 grep -q 'passed as "web", but no listen key uses this name' "$DIR/error.log"
finish
