#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A mixed load: whole files, ranges, multipart responses, and clients that read slowly, stall or disconnect. The memory is
# bounded, and nothing is left behind.
. "$(dirname "$0")/../lib.sh"
. "$LIB/verify.sh"

[ -z "$SANITIZED" ] || skip_all "the memory of a sanitizer would be counted"
make_verified 511 65537 1048577 40000001 40000002
CACHE=32M
config 'max_connections_per_client = 0' 'stall_timeout = 20s'
control_clock
start_ranged --workers 2

stall() { # FILE
	printf 'GET /%s HTTP/1.1\r\nHost: x\r\n\r\n' "$1" | perl "$LIB/slow.pl" 6 "$ADDRESS" >"$DIR/stalled" & stalled=$!
	ok "clients stall" await 10 grep -q held "$DIR/stalled"
}
stall 40000001.bin
verify "load beside stalled clients" requests=400 long=40 leave=10 slow=10 half=5 depth=2 connections=32
advance 21 1
leave() { kill "$stalled"; wait "$stalled" 2>/dev/null; }
leave
stall 40000002.bin
verify "load with whole files and multipart responses" requests=400 long=40 leave=20 connections=32 seed=2
leave
# The cache and its index, connections, threads and libraries.
at_most "$(awk '/^VmHWM:/ { print $2 }' "/proc/$PID/status")" $((32768 + 2048 + 49152)) "the memory is bounded (KiB)"
ok "ranged is running" running
get /40000001.bin --max-time "$(seconds 20)"
cmp_whole 40000001.bin "a request is served after the load"
quiet() { take_stats && [ "$(stat_of in_use 'stats cache ') $(stat_of waiting 'stats cache ') $(stat_of in_flight 'stats device')" = "0 0 0" ]; }
ok "after the load no extent is in use, and no read waits or is in flight" await 20 quiet
stop_ranged
finish
