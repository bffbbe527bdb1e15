#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The memory is bounded by the configuration, for any number of clients and bytes.
. "$(dirname "$0")/../lib.sh"

[ -z "$SANITIZED" ] || skip_all "the memory of a sanitizer would be counted"
make_file a.bin 1000003
truncate -s 400M "$ROOT/big.bin"
age "$ROOT/big.bin"
CACHE=16M
start_ranged

for i in $(seq 60); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/big.bin"\nrange = "%d-%d"\noutput = /dev/null\n' "$URL" $((i * 4000000)) $((i * 4000000 + 20000000))
done >"$DIR/curls"
ok "60 concurrent large transfers succeed" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 60 --config "$DIR/curls"
# The arena, 60 connections, threads and libraries.
at_most "$(rss_kib)" $((16384 + 49152)) "the memory is bounded (KiB)"
at_most "$(awk '/^VmHWM:/ { print $2 }' "/proc/$PID/status")" $((16384 + 65536)) "the highest memory is bounded (KiB)"
get /a.bin
cmp_whole a.bin
finish
