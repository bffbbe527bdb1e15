#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM shortly after a client has connected: a request that is under way is answered. A client that sends nothing
# does not delay the stop.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
trap '' PIPE
for pause in 0 0.4; do
	start_ranged
	sockets=$(socket_count)
	exec 3<>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"
	connected() { [ "$(socket_count)" -gt "$sockets" ]; }
	await 5 connected
	kill -TERM "$PID"
	await 5 grep -q 'draining 1 connections' "$DIR/error.log"
	sleep $pause
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' >&3
	cat <&3 >"$DIR/reply"
	exec 3>&-
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "a request $pause s after SIGTERM is answered"
	cmp_whole a.bin "the response is complete" "$DIR/1.body"
	end_ranged
	is $? 0 "the exit status is 0"
	: >"$DIR/error.log"
done

start_ranged
exec 3<>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"
sleep 0.2
kill -TERM "$PID"
before=$(date +%s%3N)
end_ranged
is $? 0 "a client that sends nothing: the exit status is 0"
at_most $(($(date +%s%3N) - before)) "$(seconds 2500)" "a client that sends nothing does not delay the stop"
finish
