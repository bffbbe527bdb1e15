#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Connections that are accepted in one iteration of the event loop get their own responses, also over TLS.
. "$(dirname "$0")/../lib.sh"
. "$LIB/tls.sh"

make_file a.bin 100003
make_certificate a a.example
seq 0 49 | awk '{ print "a.bin", $1 * 2000, $1 * 2000 + 1999 }' >"$DIR/ranges"
for workers in 1 2 4; do
	start_tls "$(tls_pairs a)" "workers = $workers"
	is "$(perl "$LIB/together.pl" "$PID" "${PLAIN_URL#http://}" "$ROOT/a.bin" /a.bin 50 2000 20)" "1000 compared, 0 wrong" \
		"20 times 50 concurrent requests are answered correctly with $workers workers"
	head -n 20 "$DIR/ranges" | awk -v url="$URL" -v dir="$DIR" -v resolve="${TRUST[3]}" '
		NR > 1 { print "next" }
		{ printf "url = \"%s/a.bin\"\nrange = \"%d-%d\"\n", url, $2, $3
		  printf "output = \"%s/tls.%d\"\ncacert = \"%s/a.pem\"\nresolve = \"%s\"\n", dir, NR, dir, resolve }' >"$DIR/curls"
	ok "20 concurrent TLS requests succeed with $workers workers" \
		curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 20 --config "$DIR/curls"
	is "$(head -n 20 "$DIR/ranges" | perl "$LIB/compare.pl" "$ROOT" "$DIR/tls." "")" "20 compared, 0 wrong" \
		"all bodies are correct"
	stop_ranged
done
finish
