#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Transfers that do not end within drain_timeout are aborted, and the exit status is 0.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 40000000
config 'drain_timeout = 60s' 'min_rate = 0'
control_clock
start_ranged

printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" -t "$(seconds 60)" >"$DIR/reply" &
client=$!
await 10 test -e "$DIR/client.reached"
kill -TERM "$PID"
await 10 grep -q 'draining 1 connection ' "$DIR/error.log"
advance 50
sleep 0.1
ok "ranged waits for the transfer before drain_timeout" running
advance 11
end_ranged
is $? 0 "ranged exits with status 0 after drain_timeout"
touch "$DIR/client.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200-cut "the transfer is aborted"
finish
