#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A worker that hangs does not block the admin listener. /healthz reports 503 after 10 s, and 200 when the worker
# continues.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
make_file a.bin 100
control_clock
start_with_admin --workers 2
get /a.bin
reactor=$(threads ranged-r0)

# Without -f, strace attaches to this thread only and delays its next epoll_wait.
strace -o /dev/null -e trace=epoll_wait -e inject=epoll_wait:delay_enter=600000000 -p "$reactor" 2>"$DIR/strace" &
tracer=$!
stuck() { take_numbers && [ "$(status_value workers.0.last_iteration_ms_ago)" -ge 1500 ]; }
advance 2
await 10 stuck || { kill "$tracer"; skip_all "strace cannot delay a system call here"; }
ask_admin /healthz
is "$STATUS" 200 "/healthz reports 200, because the worker may be busy"
start=$SECONDS
for _ in 1 2 3 4 5; do take_numbers; done
at_most $((SECONDS - start)) "$(seconds 3)" "/status answers at once"
at_least "$(status_value workers.0.last_iteration_ms_ago)" 1500 "/status shows the worker that hangs"
at_most "$(status_value workers.1.last_iteration_ms_ago)" "$(seconds 1400)" "/status shows the other worker"
kill -USR2 "$PID"
await 5 grep -q 'stats end' "$DIR/error.log"
ok "SIGUSR2 logs a report" await 10 grep -q 'stats worker 1 submit' "$DIR/error.log"
sick() { ask_admin /healthz; [ "$STATUS" = 503 ]; }
advance 10
ok "/healthz reports 503 after 10 s" await 15 sick
like "$(cat "$BODY")" '^worker 0 has not completed an iteration of its event loop for 1[0-9]* s$' \
	"/healthz names the worker"
ask_admin /readyz
is "$STATUS" 200 "/readyz reports 200, because the other worker serves"

kill "$tracer"
wait "$tracer" 2>/dev/null
well() { ask_admin /healthz; [ "$STATUS" = 200 ]; }
ok "/healthz reports 200 when the worker continues" await 10 well
get /a.bin
is "$STATUS" 200 "files are served"
finish
