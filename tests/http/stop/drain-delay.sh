#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# drain_delay: after SIGTERM it goes on as before for that long, so that nobody is refused who was sent here; then it drains.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100000
config 'drain_delay = 50s'
control_clock
start_ranged --admin "unix:$DIR/admin"
readiness() { curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$DIR/admin" http://localhost/readyz; }
is "$(readiness)" 200 "ready"
get /a.bin
kill -TERM "$PID"
not_ready() { [ "$(readiness)" = 503 ]; }
ok "it is not ready any more" await 5 not_ready
ok "it says so" await 5 grep -q 'still accepting connections for 50000 ms' "$DIR/error.log"
for i in 1 2 3; do
	get /a.bin
	is "$STATUS" 200 "new connections are served"
	cmp_whole a.bin
	advance 15
done
refused() { ! curl -sS -o /dev/null "$URL/a.bin" 2>/dev/null; }
not_ok "it does not drain before that time" grep -q 'draining 0 connections' "$DIR/error.log"
advance 6
ok "then it drains" await 5 grep -q 'draining 0 connections' "$DIR/error.log"
ok "and refuses" await 5 refused
end_ranged
is $? 0 "exit status"

config 'drain_delay = 1m'
start_ranged
kill -TERM "$PID"
ok "a long one" await 5 grep -q 'still accepting connections for 60000 ms' "$DIR/error.log"
kill -TERM "$PID"
end_ranged
is $? 0 "a second signal ends the delay"
finish
