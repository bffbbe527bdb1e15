#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Counting needs no system call: a hot request takes four calls while the admin listener is queried permanently.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
[ -z "$SANITIZED" ] || skip_all "a sanitizer makes system calls of its own"
make_file a.bin 1000
start_with_admin --workers 1
get /a.bin
get /a.bin
reactor=$(threads ranged-r0)
requests() { # COUNT: sends requests one after the other on one connection
	local i
	for ((i = 0; i < $1; i++)); do printf 'url = "%s/a.bin"\noutput = /dev/null\n' "$URL"; done | curl -sS --no-progress-meter --config -
}
(while [ ! -e "$DIR/stop" ]; do curl -sS "http://$ADMIN/status" "http://$ADMIN/metrics" -o /dev/null -o /dev/null; done) &
# The thread of the worker, from its first traced call to the end of strace.
strace -qq -o "$DIR/trace" -p "$reactor" 2>"$DIR/strace" &
tracer=$!
await 5 test -s "$DIR/trace"
requests 1000
kill "$tracer"
wait "$tracer" 2>/dev/null
touch "$DIR/stop"
calls=$(grep -cE '^[a-z_0-9]+\(' "$DIR/trace")
is "$(grep -c '^sendmsg(' "$DIR/trace")" 1000 "each of 1,000 responses takes one sendmsg"
at_most "$calls" 4200 "a request takes four calls"
diag "$calls calls"
at_least "$(curl -sS "http://$ADMIN/metrics" | sed -n 's/^ranged_requests_total{method="GET",status="200"} //p')" 1002 \
	"all requests are counted"
finish
