#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client has pipelined many requests when ranged drains or reloads. The response with "Connection: close" arrives
# complete, although the requests after it are discarded: the kernel sends no reset.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 8000000
# The header fields fill the buffers of the server, so most requests stay unread in the socket.
padding=$(printf 'x%.0s' $(seq 2000))
for _ in $(seq 30); do
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nX-Padding: %s\r\n\r\n' "$padding"
done >"$DIR/requests"

start_ranged
for case in reload drain; do
	rm -f "$DIR/client".*
	wire -b 65536 -f 1000 -p "$DIR/client" -t "$(seconds 60)" <"$DIR/requests" >"$DIR/reply" 2>"$DIR/wire" & client=$!
	await 10 test -e "$DIR/client.reached"
	if [ $case = reload ]; then
		reload_ranged
	else
		kill -TERM "$PID"
		await_server 10 grep -q 'draining' "$DIR/error.log"
	fi
	touch "$DIR/client.go"
	wait $client
	is $? 0 "$case: the connection is closed without a reset"
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" "200 200" "$case: the next response is the last one"
	is "$(header Connection "$DIR/2.head")" close "$case: the last response says so"
	cmp_whole a.bin "$case: the last response is complete" "$DIR/2.body"
done
end_ranged
is $? 0 "the exit status is 0"
finish
