#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is not sent within drain_timeout is cut, and the exit status is 0.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 40000000
config 'drain_timeout = 1s'
start_ranged

printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" -t "$(seconds 60)" >"$DIR/reply" &
client=$!
await 10 test -e "$DIR/client.reached"
start=$(date +%s%3N)
kill -TERM "$PID"
end_ranged
is $? 0 "exit status"
took=$(($(date +%s%3N) - start))
at_least $took 950 "not before its time"
at_most $took "$(seconds 3500)" "and soon after it"
touch "$DIR/client.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200-cut "the client was cut"
finish
