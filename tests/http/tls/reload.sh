#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGHUP loads the certificates again. No client is affected, new connections get the new certificate, and an invalid
# certificate leaves the old one in effect.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate one a.example
make_certificate two a.example rsa
cp "$DIR/one.pem" "$DIR/a.pem"; cp "$DIR/one.key" "$DIR/a.key"
cat "$DIR/one.pem" "$DIR/two.pem" >"$DIR/both.pem"
make_sizes 1000 3000000
start_tls "$(tls_pairs a)"
use_name a.example both

serial() { handshake "$@" | openssl x509 -noout -serial; }
reloads() { grep -c 'configuration reloaded' "$DIR/error.log"; }
reloads_at_least() { [ "$(reloads)" -ge "$1" ]; }
use() { # NAME: replaces the files by rename, as certbot does
	cp "$DIR/$1.pem" "$DIR/new.pem"; cp "$DIR/$1.key" "$DIR/new.key"
	mv "$DIR/new.key" "$DIR/a.key"; mv "$DIR/new.pem" "$DIR/a.pem"
	before=$(reloads)
	kill -HUP "$PID"
	await 10 reloads_at_least $((before + 1))
}
old=$(serial)
tls_wire </dev/null >"$DIR/held" & # a connection that began with the old certificate
curl -sS "${TRUST[@]}" --limit-rate 1M -o "$DIR/slow" "$URL/3000000.bin" & slow=$!
use two
is "$(serial)" "$(openssl x509 -noout -serial -in "$DIR/two.pem")" "new connections get the new certificate"
isnt "$(serial)" "$old" "the new certificate differs from the old one"

touch "$DIR/go"
load() {
	local done=0 failed=0
	while [ -e "$DIR/go" ]; do
		curl -sS "${TRUST[@]}" -o "$DIR/out.$1" "$URL/$2" 2>>"$DIR/curl.$1" && cmp -s "$DIR/out.$1" "$ROOT/$2" || failed=$((failed + 1))
		done=$((done + 1))
		pause 0.1
	done
	echo "$done $failed" >"$DIR/count.$1"
}
load 1 1000.bin & load1=$!
load 2 3000000.bin & load2=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	if [ $((i % 2)) = 0 ]; then use two; else use one; fi
	pause 0.1
done
rm "$DIR/go"
wait $load1 $load2
for i in 1 2; do
	read -r count failed <"$DIR/count.$i"
	is "$failed" 0 "load $i: none of $count requests failed"
	at_least "$count" 3 "load $i: requests were made"
done
wait $slow
cmp_whole 3000000.bin "a transfer during the reload is complete" "$DIR/slow"

now=$(serial)
echo nonsense >"$DIR/a.pem"
count=$(reloads)
kill -HUP "$PID"
ok "an invalid certificate is reported" await 10 grep -q "a.pem: the file contains no certificate in PEM format" "$DIR/error.log"
is "$(serial) $(reloads)" "$now $count" "the old certificate remains in effect"
secure_get /1000.bin
is "$STATUS" 200 "requests are served"
finish
