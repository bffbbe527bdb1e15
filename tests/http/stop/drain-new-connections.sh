#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM just after somebody has connected: the request that is on its way is answered; who says nothing does not hold it up.
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
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "asked $pause s after the drain began: answered"
	cmp_whole a.bin "all of it" "$DIR/1.body"
	end_ranged
	is $? 0 "exit status"
	: >"$DIR/error.log"
done

start_ranged
exec 3<>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"
sleep 0.2
kill -TERM "$PID"
before=$(date +%s%3N)
end_ranged
is $? 0 "somebody who says nothing: exit status"
at_most $(($(date +%s%3N) - before)) "$(seconds 2500)" "soon"
finish
