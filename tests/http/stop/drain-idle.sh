#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM and SIGINT: an idle connection gets a grace period of 2 s for one more request, whose response has
# "Connection: close". Then it is closed.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
control_clock
trap '' PIPE
request='GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n'
open_connection() { eval "exec $1<>/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"; }

# DESCRIPTOR NAME: reads a response until the connection is closed. Checks its status and its field Connection.
is_last_response() {
	local rc
	timeout "$(seconds 20)" cat <&"$1" >"$DIR/reply"
	rc=$?
	is $rc 0 "$2: the connection is closed"
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "$2: the request is served"
	is "$(header Connection "$DIR/1.head")" close "$2: the response says that the connection closes"
	cmp_whole a.bin "$2: the response is complete" "$DIR/1.body"
}

# Reads one response with Content-Length.
read_response() { # DESCRIPTOR
	local line
	while IFS= read -r -t "$(seconds 10)" line <&"$1" && [ "$line" != $'\r' ]; do :; done
	head -c 10007 <&"$1" >"$DIR/first"
}

for signal in TERM INT; do
	start_ranged
	sockets=$(socket_count)
	for i in 5 6 7 8; do open_connection $i; done
	# shellcheck disable=SC2059
	for i in 5 6; do
		printf "$request" >&$i
		read_response $i
	done
	connected() { [ "$(socket_count)" -ge $((sockets + 4)) ]; }
	ok "SIG$signal: four clients are connected" await 10 connected
	kill -$signal "$PID"
	await_server 10 grep -q 'draining 4 connections' "$DIR/error.log"
	advance 1
	# shellcheck disable=SC2059
	printf "$request" >&5
	is_last_response 5 "SIG$signal, a connection that was used before"
	# shellcheck disable=SC2059
	printf "$request" >&7
	is_last_response 7 "SIG$signal, a connection that was not used"
	ok "SIG$signal: ranged waits for idle connections in the grace period" running
	advance 1.1
	for i in 6 8; do
		is "$(timeout "$(seconds 20)" cat <&$i | wc -c) $?" "0 0" "SIG$signal: an idle connection is closed after the grace period"
	done
	end_ranged
	is $? 0 "SIG$signal: the exit status is 0"
	exec 5>&- 6>&- 7>&- 8>&-
	: >"$DIR/error.log"
done

# The grace period is at most half of drain_timeout.
config 'drain_timeout = 1s'
start_ranged
open_connection 5
connected() { [ "$(socket_count)" -gt "$sockets" ]; }
await 10 connected
kill -TERM "$PID"
await_server 10 grep -q 'draining 1 connection ' "$DIR/error.log"
advance 0.55
is "$(timeout "$(seconds 20)" cat <&5 | wc -c)" 0 "with a short drain_timeout, the grace period is shorter"
end_ranged
is $? 0 "the exit status is 0"
not_ok "the connection was not aborted" grep -q 'closing 1 connection that is still open' "$DIR/error.log"
finish
