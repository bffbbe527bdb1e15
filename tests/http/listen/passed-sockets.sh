#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sockets that systemd opened: served by name, over TCP, IPv6, Unix and TLS; all of them where nothing else is said; never removed.
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
	isnt $? 0 "$1: refused"
	like "$out" "$2" "$1: says why"
}
family=("[::1]:0")
perl -MSocket=:DEFAULT,inet_pton -e 'socket S, PF_INET6, SOCK_STREAM, 0 or exit 1; bind S, pack_sockaddr_in6(0, inet_pton(AF_INET6, "::1")) or exit 1' ||
	family=(127.0.0.1:0)

hand_over web=127.0.0.1:0 "web=${family[0]}" "local=unix:$DIR/socket" "local=unix:@ranged-test-$$"
start_ranged
is "$(wc -l <"$DIR/address")" 4 "nothing said: all are listened on"
for address in $(head -n 2 "$DIR/address"); do
	use_address "$address"
	served "$address" 200 /a.bin
	cmp_whole a.bin
done
is "$(sed -n '3,4p' "$DIR/address" | paste -sd ' ')" "unix:$DIR/socket unix:@ranged-test-$$" "Unix sockets and their names"
served "a Unix socket" 200 /a.bin --unix-socket "$DIR/socket"
cmp_whole a.bin
served "one without a file" 200 /a.bin --abstract-unix-socket "ranged-test-$$"
grep -q 'but no listen names' "$DIR/error.log"
is $? 1 "no warning"
stop_ranged
ok "the file of the Unix socket stays" test -S "$DIR/socket"

rm "$DIR/socket"
both=('listen = {"127.0.0.1:0", "fd:web"}' "$(tls_pairs a)" 'site "api.example" {' " root = \"$ROOT/api\"" ' listen = {"fd:api", "tls:fd:secure"}' '}')
config "${both[@]}"
hand_over spare=127.0.0.1:0 secure=127.0.0.1:0 "api=unix:$DIR/socket" web=127.0.0.1:0 "api=127.0.0.1:0"
start_ranged
is "$(sed 's/127.*/tcp/; s/unix.*/unix/' "$DIR/address" | paste -sd ' ')" "tcp tcp unix tcp tls:tcp" "by name, beside one of its own"
use_address "$(sed -n 2p "$DIR/address")"
served "the top level's name" 200 /a.bin
use_address "$(sed -n 4p "$DIR/address")"
served "the site's name, its second socket" 200 /b.txt -H 'Host: api.example'
served "where the top level is not" 421 /a.bin
served "its first" 200 /b.txt --unix-socket "$DIR/socket" -H 'Host: api.example'
web=$(sed -n 2p "$DIR/address")
config 'listen = {"fd:spare", "fd:web"}'
count=$(grep -c 'configuration reloaded' "$DIR/error.log")
kill -HUP "$PID"
taken() { [ "$(grep -c 'configuration reloaded' "$DIR/error.log")" -gt "$count" ]; }
ok "SIGHUP with other names" await 5 taken
use_address "$(head -n 1 "$DIR/address")"
served "one that was not listened on" 200 /a.bin
use_address "$web"
served "one that was" 200 /a.bin
not_ok "nobody takes connections of the others" curl -sS --max-time 1 --unix-socket "$DIR/socket" http://localhost/a.bin
ok "which is said" grep -q 'passed as "api", but no listen names' "$DIR/error.log"
config "${both[@]}"
count=$((count + 1))
kill -HUP "$PID"
ok "and back" await 5 taken
TLS_PORT=$(sed -n 's/^tls:.*://p' "$DIR/address")
URL=https://api.example:$TLS_PORT
served "by TLS" 200 /b.txt -k --connect-to "::127.0.0.1:$TLS_PORT"
is "$(grep -c 'passed as "spare", but no listen names' "$DIR/error.log")" 2 "a warning of what nothing names, of each time"
stop_ranged

rm "$DIR/socket"
config 'listen = {"fd:absent"}'
refused "a name that was not passed" 'fd:absent: no passed socket has this name' -c "$DIR/ranged.conf" "$ROOT"
hand_over web=udp
refused "no listening socket" '"web" is not a listening stream socket' "$ROOT"
PREFIX=()
refused "nothing was passed" 'fd:absent: no sockets were passed' -c "$DIR/ranged.conf" "$ROOT"
ok "which --check can't know" "$RANGED" --check -c "$DIR/ranged.conf" "$ROOT"
PREFIX=()
refused "no name" 'name of the sockets is missing' -l fd: "$ROOT"

rm "$DIR/ranged.conf"
hand_over web=127.0.0.1:0
start_ranged --listen 127.0.0.1:0
is "$(wc -l <"$DIR/address")" 1 "the command line says where: no more than that"
ok "and what was passed has a warning" grep -q 'passed as "web", but no listen names' "$DIR/error.log"
finish
