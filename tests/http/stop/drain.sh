#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM: transfers are completed, new connections are refused, and the exit status is 0.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 40000000
start_ranged

clients=
for i in 1 2 3; do
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client.$i" -t "$(seconds 60)" >"$DIR/reply.$i" &
	clients="$clients $!"
done
for i in 1 2 3; do await 10 test -e "$DIR/client.$i.reached"; done

kill -TERM "$PID"
refused() { ! curl -sS -o /dev/null "$URL/a.bin" 2>/dev/null; }
ok "new connections are refused" await 5 refused
ok "ranged runs until the transfers are complete" running
for i in 1 2 3; do touch "$DIR/client.$i.go"; done
for client in $clients; do
	wait "$client"
	is "$?" 0 "the connection is closed after the response"
done
for i in 1 2 3; do
	is "$(perl "$LIB/replies.pl" "$DIR/reply.$i" "$DIR/")" 200 "client $i gets the response"
	cmp_whole a.bin "the response is complete" "$DIR/1.body"
done
end_ranged
is $? 0 "the exit status is 0"
finish
