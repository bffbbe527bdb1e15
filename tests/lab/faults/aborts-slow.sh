#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that disconnect during reads of a slow disk leave nothing behind, and their reads do not affect other clients.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file slow.bin 20000000; }
mount_faulty_disk "$ROOT"
CACHE=16M
start_ranged
head_of /slow.bin
fds=$(fd_count)
set_fault 300 0 0

# More reads than the cache has room for, so that some of them wait for memory.
for _ in 1 2 3 4 5 6; do
	printf 'GET /slow.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -n 10 -f 0 -a >/dev/null &
	printf 'GET /slow.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=7000001-7900000\r\n\r\n' | wire -n 10 -f 0 -q >/dev/null &
done
sleep 1
set_fault 0 0 0
get /slow.bin
is "$STATUS" 200 "other clients are served"
cmp_whole slow.bin
ok "no descriptor is left" await 10 fds_at_most "$fds"
for _ in 1 2 3; do
	get_range 5000001-9999999 /slow.bin
	cmp_range slow.bin 5000001 9999999 "all memory is available again"
done
finish
