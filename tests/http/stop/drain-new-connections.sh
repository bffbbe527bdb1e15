#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM while connections are in the queue of the kernel, or without a request: each request within the grace period
# of 2 s is answered. A client that sends nothing is then disconnected.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
control_clock
trap '' PIPE
open_connection() { eval "exec $1<>/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"; }

# DESCRIPTOR NAME: sends a request and checks the response.
is_served() {
	# shellcheck disable=SC2059
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' >&"$1"
	timeout "$(seconds 20)" cat <&"$1" >"$DIR/reply"
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "$2 is served"
	cmp_whole a.bin "$2 gets the complete response" "$DIR/1.body"
}

start_ranged
# A stopped process accepts no connections, so these connections stay in the queue of the kernel until SIGCONT.
kill -STOP "$PID"
for i in 5 6 7; do open_connection $i; done
kill -TERM "$PID"
kill -CONT "$PID"
ok "the queued connections are accepted" await_server 10 grep -q 'draining' "$DIR/error.log"
is_served 5 "a queued connection, at once"
advance 1
is_served 6 "a queued connection, 1 s after SIGTERM"
advance 1.1
is "$(timeout "$(seconds 20)" cat <&7 | wc -c)" 0 "a client that sends nothing is disconnected after the grace period"
end_ranged
is $? 0 "the exit status is 0"
finish
