#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# When ranged stops while passwords are verified, these requests are answered. A second signal does not wait for the
# queue.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file a.bin 1000
htpasswd -bcB -C 10 "$DIR/users" alice right 2>/dev/null
config 'offload_threads = 2' "auth_file = \"$DIR/users\""

guess() { # COUNT: all requests have arrived before the second password is verified
	local sockets i
	sockets=$(socket_count)
	for i in $(seq "$1"); do
		[ "$i" = 1 ] || echo next
		printf 'url = "%s/a.bin"\nuser = "alice:guess%d"\noutput = "/dev/null"\nwrite-out = "%%{http_code}\\n"\n' "$URL" "$i"
	done >"$DIR/guesses"
	curl -s --parallel --parallel-immediate --parallel-max "$1" --config "$DIR/guesses" >"$DIR/statuses" 2>/dev/null &
	await 5 connected $((sockets + $1 - 1))
}
connected() { [ "$(socket_count)" -ge "$1" ]; }
answered() { [ "$(grep -c '^401$' "$DIR/statuses")" = "$1" ]; }
start_ranged
guess 6
stop_ranged
ok "waiting requests are answered" await 5 answered 6

rm "$DIR/statuses"
start_ranged
guess 16
kill -TERM "$PID"
sleep 0.2
stop_ranged
not_ok "no worker delays the stop" grep -q "does not answer" "$DIR/error.log"
at_most "$(grep -c '^401$' "$DIR/statuses")" 15 "not all passwords are verified"
finish
