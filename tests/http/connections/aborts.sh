#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that disconnect during transfers leave no descriptors and no memory behind.
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
ok "after 200 aborts the number of descriptors is the same" await 10 fds_at_most "$fds"
[ -n "$SANITIZED" ] || at_most $(($(rss_kib) - memory)) 8192 "after 200 aborts the memory has grown by at most 8 MiB"
get /a.bin
is "$STATUS" 200 "other clients are served"
cmp_whole a.bin
finish
