#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Counting costs a hot request no system call: it is 4, with an admin listener that is asked all the time.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"
[ -z "$SANITIZED" ] || skip_all "a sanitizer makes calls of its own"
make_file a.bin 1000
start_with_admin --workers 1
get /a.bin
get /a.bin
reactor=$(threads ranged-r0)
requests() { # COUNT: one after another on one connection
	local i
	for ((i = 0; i < $1; i++)); do printf 'url = "%s/a.bin"\noutput = /dev/null\n' "$URL"; done | curl -sS --no-progress-meter --config -
}
(while [ ! -e "$DIR/stop" ]; do curl -sS "http://$ADMIN/status" "http://$ADMIN/metrics" -o /dev/null -o /dev/null; done) &
# The one thread, from its first traced call to the end of its tracer.
strace -qq -o "$DIR/trace" -p "$reactor" 2>"$DIR/strace" &
tracer=$!
await 5 test -s "$DIR/trace"
requests 1000
kill "$tracer"
wait "$tracer" 2>/dev/null
touch "$DIR/stop"
calls=$(grep -cE '^[a-z_0-9]+\(' "$DIR/trace")
is "$(grep -c '^sendmsg(' "$DIR/trace")" 1000 "1000 replies, each in one call"
at_most "$calls" 4200 "of four calls a request"
diag "$calls calls"
at_least "$(curl -sS "http://$ADMIN/metrics" | sed -n 's/^ranged_requests_total{method="GET",status="200"} //p')" 1002 "and all of them are counted"
finish
