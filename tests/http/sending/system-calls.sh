#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A long hot body costs at most three system calls per MiB, of all threads together, if it is sent directly. Each send
# takes 1 MiB from the cache, if the client reads quickly.
. "$(dirname "$0")/../lib.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
[ -z "$SANITIZED" ] || skip_all "a sanitizer makes system calls of its own"
sender_is direct || skip_all "long bodies are not sent directly here"
truncate -s 256M "$ROOT/a.bin" # a hole is read like other bytes
age "$ROOT/a.bin"
CACHE=800M # so that all of the file is in the cache after the second request
start_ranged --workers 1
hot() { curl -sS "$URL/a.bin" | tail -c 1 >/dev/null; [ "$(curl -sS "$URL/a.bin" -o /dev/null -D - | grep -c .)" -gt 0 ]; take_stats; }
hot
hot
before=$(stat_of misses 'stats cache ')
hot
is "$(stat_of misses 'stats cache ')" "$before" "the file is hot"

strace -f -qq -o "$DIR/trace" -p "$PID" 2>"$DIR/strace" &
tracer=$!
tracers() { grep -hc "^TracerPid:	$tracer\$" /proc/"$PID"/task/*/status | sort -u; }
traced() { [ "$(tracers)" = 1 ]; }
ok "strace is attached" await 10 traced
curl -sS -o /dev/null "$URL/a.bin"
kill "$tracer"
wait "$tracer" 2>/dev/null
calls=$(grep -cE '^[0-9]+ +[a-z_0-9]+\(' "$DIR/trace")
diag "$(grep -oE '^[0-9]+ +[a-z_0-9]+\(' "$DIR/trace" | awk '{ sum[$2]++ } END { for (call in sum) printf "%s %d  ", call, sum[call]; print "" }')"
at_most "$calls" $((3 * 256)) "256 MiB take at most three system calls per MiB"
at_least "$(grep -c 'sendmsg(' "$DIR/trace")" 100 "the body was traced"
finish
