#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A worker that is stuck holds nothing of the admin listener up; /healthz says so after 10 s, and that it is well once it goes on.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"
make_file a.bin 100
control_clock
start_with_admin --workers 2
get /a.bin
reactor=$(threads ranged-r0)

# Without -f it is attached to this one thread, whose next call takes as long as it is.
strace -o /dev/null -e trace=epoll_wait -e inject=epoll_wait:delay_enter=600000000 -p "$reactor" 2>"$DIR/strace" &
tracer=$!
stuck() { take_numbers && [ "$(status_value workers.0.last_iteration_ms_ago)" -ge 1500 ]; }
advance 2
await 10 stuck || { kill "$tracer"; skip_all "a thread can't be held here"; }
ask_admin /healthz
is "$STATUS" 200 "it may just be busy"
start=$SECONDS
for _ in 1 2 3 4 5; do take_numbers; done
at_most $((SECONDS - start)) "$(seconds 3)" "numbers come at once all the same"
at_least "$(status_value workers.0.last_iteration_ms_ago)" 1500 "and say which one has not turned"
at_most "$(status_value workers.1.last_iteration_ms_ago)" "$(seconds 1400)" "and which one has"
kill -USR2 "$PID"
await 5 grep -q 'stats end' "$DIR/error.log"
ok "SIGUSR2 is answered, too" grep -q 'stats worker 1 submit' "$DIR/error.log"
sick() { ask_admin /healthz; [ "$STATUS" = 503 ]; }
advance 10
ok "after 10 s it is not well" await 15 sick
like "$(cat "$BODY")" '^worker 0 has not completed an iteration of its event loop for 1[0-9]* s$' "and says so"
ask_admin /readyz
is "$STATUS" 200 "the others serve"

kill "$tracer"
wait "$tracer" 2>/dev/null
well() { ask_admin /healthz; [ "$STATUS" = 200 ]; }
ok "it goes on, and is well" await 10 well
get /a.bin
is "$STATUS" 200 "and serves"
finish
