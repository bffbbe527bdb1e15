#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The addresses of the monitor listener: all addresses of the host, passed sockets, and invalid values.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
monitors() { sed -n "s/.*monitor listener on //p" "$DIR/error.log"; }
LISTEN=
config 'monitor = "fd:watch"'
PREFIX=(perl "$LIB/pass.pl" web=127.0.0.1:0 watch=127.0.0.1:0 --)
start_ranged
is "$(wc -l <"$DIR/address")" 1 "a passed socket that monitor uses does not serve files"
get /a.bin
cmp_whole a.bin
URL=http://$(monitors) get /readyz
is "$STATUS" 200 "the monitor listener uses the passed socket"
not_ok "there is no warning of an unused socket" grep -q 'no listen key uses this name' "$DIR/error.log"
not_ok "there is no warning of monitor_allow" grep -q 'set monitor_allow' "$DIR/error.log"
stop_ranged

PREFIX=()
LISTEN=127.0.0.1:0
config 'monitor = ":0"'
: >"$DIR/error.log"
start_ranged
port=$(monitors)
port=${port##*:}
URL=http://127.0.0.1:$port get /readyz
is "$STATUS" 200 "IPv4"
if [[ $(monitors) = \[* ]]; then
	URL="http://[::1]:$port" get /readyz
	is "$STATUS" 200 "IPv6, on the same port"
fi
ok "a warning states that other hosts may not connect" grep -q 'monitor: only clients on this host may connect; set monitor_allow' "$DIR/error.log"
other=$(ip -4 -o addr show scope global 2>/dev/null | sed -n '1s/.* inet \([0-9.]*\).*/\1/p')
if [ -n "$other" ]; then
	URL=http://$other:$port get /readyz
	is "$STATUS" 403 "an address that is not a loopback address is rejected"
fi

check() { printf '%s\n' '# a comment' "$@" >"$DIR/bad.conf"; OUT=$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1 </dev/null); }
for value in host :x :99999 ::1:9181 unix:relative fd: 'tls:'; do
	check "monitor = {\":9181\", \"$value\"}"
	like "$OUT" "bad\.conf:2: monitor: \"$value\": " "the address $value is rejected"
done
for value in host.example 10.0.0.1/8 ''; do
	check "monitor_allow = \"$value\""
	like "$OUT" "bad\.conf:2: monitor_allow: \"$value\": " "the network $value is rejected"
done
check 'site "x" { monitor = ":1" }'
like "$OUT" 'bad\.conf:2: monitor is not allowed in a site; set it outside all blocks' "the key is not allowed in a site"
check 'monitor = "tls::9181"'
like "$OUT" 'bad\.conf: monitor: an address with "tls:" needs a certificate' "TLS needs a certificate"
config 'monitor = "127.0.0.1:1", "x"'
launched() { "$RANGED" --listen 127.0.0.1:0 -m 16M -c "$DIR/taken.conf" "$ROOT" 2>&1 </dev/null; }
echo "monitor = \"127.0.0.1:$port\"" >"$DIR/taken.conf"
like "$(launched)" "error: monitor: cannot listen on 127\.0\.0\.1:$port: Address already in use" "an address that is in use ends the start"
finish
