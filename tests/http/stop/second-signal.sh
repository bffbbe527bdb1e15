#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A second signal aborts the transfers for which the first signal waits.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 40000000

for second in TERM INT; do
	rm -f "$DIR"/client.*
	start_ranged --drain-timeout 60s
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" -t "$(seconds 60)" >"$DIR/reply" &
	client=$!
	await 10 test -e "$DIR/client.reached"
	kill -TERM "$PID"
	sleep 0.3
	ok "ranged waits after the first signal" running
	start=$(date +%s%3N)
	kill -$second "$PID"
	end_ranged
	is $? 0 "SIG$second: the exit status is 0"
	at_most $(($(date +%s%3N) - start)) "$(seconds 2500)" "SIG$second: ranged stops at once"
	touch "$DIR/client.go"
	wait $client
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200-cut "the transfer is aborted"
done
finish
