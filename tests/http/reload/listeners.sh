#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGHUP and the listeners: a listener that remains rejects no connection during a reload. Listeners are added and
# removed, also with TLS.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_file a.bin 5000
make_certificate one a.example
LISTEN=
first=unix:$DIR/first.sock second=unix:$DIR/second.sock
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
config "listen = {\"127.0.0.1:$port\", \"$first\"}"
start_ranged --workers 2
over() { curl -sS --unix-socket "$DIR/$1.sock" -o "$BODY" http://x/a.bin; }
ok "a Unix socket is served" over first
cmp_whole a.bin "serves"

touch "$DIR/go"
refused=0
knock() {
	local failed=0 rounds=0
	while [ -e "$DIR/go" ]; do
		curl -sS -o /dev/null "$URL/a.bin" --next --unix-socket "$DIR/first.sock" -o /dev/null http://x/a.bin || failed=$((failed + 1))
		rounds=$((rounds + 1))
	done 2>"$DIR/knock.err"
	echo "$failed $rounds" >"$DIR/knocked"
}
knock & knocker=$!
for _ in 1 2 3; do
	config "listen = {\"$first\", \"127.0.0.1:$port\", \"$second\"}"
	reload_ranged
	over second || refused=$((refused + 1))
	config "listen = {\"127.0.0.1:$port\", \"$first\"}"
	reload_ranged
	[ ! -e "$DIR/second.sock" ] || refused=$((refused + 1))
	[ -S "$DIR/first.sock" ] || refused=$((refused + 1))
done
is $refused 0 "a listener is added and removed three times"
rm "$DIR/go"
wait $knocker
read -r failed rounds <"$DIR/knocked"
is "$failed" 0 "listeners that remain rejected none of $rounds connections"
at_least "$rounds" 3 "connections were made during the reloads"

config "listen = {\"tls:$second\", \"127.0.0.1:$port\"}" "$(tls_pairs one)"
reload_ranged
curl -sS --unix-socket "$DIR/second.sock" --cacert "$DIR/one.pem" -o "$BODY" https://a.example/a.bin
cmp_whole a.bin "TLS where there was none"
not_ok "the first socket is removed" test -e "$DIR/first.sock"
config "listen = {\"$second\", \"127.0.0.1:$port\"}"
reload_ranged
ok "the same socket is served without TLS" over second
cmp_whole a.bin "serves"

perl -MIO::Socket::INET -e '$| = 1; $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1); print $s->sockport, "\n"; sleep' >"$DIR/taken" & holder=$!
await 10 test -s "$DIR/taken"
taken=$(cat "$DIR/taken")
config "listen = {\"127.0.0.1:$taken\", \"unix:$DIR/third.sock\"}"
reload_ranged
like "$(tail -n 2 "$DIR/error.log" | head -n 1)" "cannot listen on 127.0.0.1:$taken: Address already in use" \
	"a port that is in use is reported"
kill "$holder"
not_ok "the other listeners of a failed reload are not opened" test -e "$DIR/third.sock"
ok "the listeners of the old configuration remain open" over second
get /a.bin
is "$STATUS" 200 "both old listeners are served"
stop_ranged
not_ok "the socket is removed when ranged stops" test -e "$DIR/second.sock"
finish
