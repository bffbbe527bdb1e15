#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM and SIGINT close idle connections at once.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100

for signal in TERM INT; do
	start_ranged
	sockets=$(socket_count)
	# One connection was served before, the other one has not sent a request.
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -t "$(seconds 30)" >"$DIR/served.$signal" &
	clients=$!
	wire -t "$(seconds 30)" </dev/null >"$DIR/silent" &
	clients="$clients $!"
	await 10 test -s "$DIR/served.$signal"
	connected() { [ "$(socket_count)" -ge $((sockets + 2)) ]; }
	ok "SIG$signal: both clients are connected" await 10 connected

	start=$(date +%s%3N)
	kill -$signal "$PID"
	for client in $clients; do
		wait "$client"
		like "$?" '^[04]$' "SIG$signal: an idle connection is closed"
	done
	end_ranged
	is $? 0 "SIG$signal: the exit status is 0"
	at_most $(($(date +%s%3N) - start)) "$(seconds 2500)" "SIG$signal: ranged stops at once"
done
finish
