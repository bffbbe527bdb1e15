#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that stall in the middle of long responses, single and multipart, do not exhaust the smallest cache.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000001 big.bin 30000000
CACHE=4M
config 'drain_timeout = 500ms'
start_ranged

for i in $(seq 20); do
	for range in 0- 1-9999999,20000000-; do
		printf 'GET /big.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=%s\r\n\r\n' $range |
			wire -b 4096 -f 1 -p "$DIR/$range.$i" -t "$(seconds 60)" >/dev/null &
	done
done
all_stalled() { [ "$(find "$DIR" -name '*.reached' | wc -l)" = 40 ]; }
ok "40 clients stall" await 20 all_stalled

for _ in 1 2 3; do
	get /a.bin --max-time "$(seconds 10)"
	is "$RC $STATUS" "0 200" "a file of 1 MiB is served"
	cmp_whole a.bin
	get /big.bin --max-time "$(seconds 10)"
	is "$RC $STATUS" "0 200" "a large file is served"
	cmp_whole big.bin
done
finish
