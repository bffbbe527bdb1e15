#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that go away in mid-transfer leave nothing behind: no descriptor, no memory.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000000
start_ranged

abort() { # COUNT WIRE-OPTION...
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -n "$1" -t "$(seconds 60)" "${@:2}" >"$DIR/reply"
}

get /a.bin
abort 50 -f 100000 -a

sleep 0.3
fds=$(fd_count) memory=$(rss_kib)
abort 100 -f 100000 -a
abort 50 -f 1 -q
abort 50 -f 0 -a
ok "200 aborts later there are as many descriptors" await 10 fds_at_most "$fds"
[ -n "$SANITIZED" ] || at_most $(($(rss_kib) - memory)) 8192 "and as much memory, within 8 MiB"
get /a.bin
is "$STATUS" 200 "others are served"
cmp_whole a.bin
finish
