#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# drain_delay: after SIGTERM ranged continues for this time, so that clients that a load balancer still sends are
# served. Then it drains.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100000
config 'drain_delay = 50s'
control_clock
start_ranged --admin "unix:$DIR/admin"
exec 5<>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}" # sends its request after the beginning of the delay
readiness() { curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$DIR/admin" http://localhost/readyz; }
is "$(readiness)" 200 "/readyz reports 200"
get /a.bin
kill -TERM "$PID"
not_ready() { [ "$(readiness)" = 503 ]; }
ok "/readyz reports 503 after SIGTERM" await 5 not_ready
ok "the delay is logged" await 5 grep -q 'still accepting connections for 50000 ms' "$DIR/error.log"
hold_clock
advance 10
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' >&5
cat <&5 >"$DIR/reply"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "an idle connection stays open during the delay"
is "$(header Connection "$DIR/1.head")" close "its next response says that the connection closes"
for i in 1 2 3; do
	get /a.bin
	is "$STATUS" 200 "new connections are served"
	cmp_whole a.bin
	is "$(header Connection)" close "the response says that the connection closes"
	advance 12
done # 4 s before the end of the delay
for options in --head "-H If-None-Match:$(etag_of "$ROOT/a.bin")" "-H Range:bytes=0-9" --http1.0; do
	# shellcheck disable=SC2086
	get /a.bin $options
	is "$(header Connection)" close "status $STATUS, $options: the response says that the connection closes"
done
get /missing
is "$STATUS $(header Connection)" "404 close" "an error reply says that the connection closes"
refused() { ! curl -sS -o /dev/null "$URL/a.bin" 2>/dev/null; }
not_ok "ranged does not drain before the end of the delay" grep -q 'draining 0 connections' "$DIR/error.log"
release_clock
advance 6
ok "ranged drains after the delay" await 5 grep -q 'draining 0 connections' "$DIR/error.log"
ok "new connections are refused" await 5 refused
end_ranged
is $? 0 "the exit status is 0"

config 'drain_delay = 1m'
start_ranged
kill -TERM "$PID"
ok "a long delay begins" await 5 grep -q 'still accepting connections for 60000 ms' "$DIR/error.log"
kill -TERM "$PID"
end_ranged
is $? 0 "a second signal ends the delay"
finish
