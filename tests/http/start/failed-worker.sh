#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The start fails because a worker cannot be created, while a connection is queued: ranged ends with its exit status.
. "$(dirname "$0")/../lib.sh"

[ -z "$SANITIZED" ] || skip_all "LeakSanitizer does not work under strace"
need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
make_file a.bin 100

# The check of system calls makes the first io_setup(2). That of the second worker waits for the client, then fails.
# Without -f, strace follows the main thread only.
strace -o "$DIR/trace" -e trace=io_setup -e inject=io_setup:error=EAGAIN:when=3:delay_enter=1000000 \
	"$RANGED" --workers 3 --listen "unix:$DIR/socket" "$ROOT" 2>"$DIR/stderr" </dev/null &
pid=$!
connect() { curl --silent --output /dev/null --max-time 10 --unix-socket "$DIR/socket" http://localhost/a.bin; }
await 10 test -S "$DIR/socket"
connect &
client=$!
wait $pid
status=$?
wait $client
grep -q INJECTED "$DIR/trace" || skip_all "strace cannot make a system call fail here"
is $status 69 "the exit status is that of a failed start"
like "$(cat "$DIR/stderr")" "cannot create a worker" "the log has the reason"
finish
