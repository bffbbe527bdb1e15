#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGUSR1 reopens the logs. No line is lost or written twice.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged
log=$DIR/access.log

for i in $(seq 600); do echo "url = \"$URL/a.bin?$i\""; echo "output = \"$DIR/out\""; done >"$DIR/curls"
curl -sS --fail --config "$DIR/curls" &
client=$!
rotated=0
while kill -0 $client 2>/dev/null; do
	rotated=$((rotated + 1))
	mv "$log" "$log.$rotated"
	mv "$DIR/error.log" "$DIR/error.log.$rotated"
	kill -USR1 "$PID"
	ok "rotation $rotated: the new log exists" await 5 test -e "$log"
	await 5 test -e "$DIR/error.log"
	sleep 0.05
done
wait $client
is $? 0 "all requests of the client succeed"
stop_ranged
at_least $rotated 2 "the log was rotated several times during the requests"
is "$(cat "$log"* | wc -l)" 600 "the logs have one line per request"
is "$(cat "$log"* | grep -o '?[0-9]* ' | sort -u | wc -l)" 600 "each request is logged once"
ok "the error log continues in the new file" await 10 grep -qE 'stopped' "$DIR/error.log"
finish
