#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Forty clients wait for one coalesced read that fails with EIO: all of them get 503, other clients do not, and the
# extent is not cached.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file a.bin 200000 b.bin 200000; }
mount_faulty_disk "$ROOT"
mkdir "$DIR/good"
ROOT=$DIR/good
make_file a.bin 200000 b.bin 200000
ROOT=$DIR/www
start_ranged --workers 2
head_of /a.bin
get /b.bin
for _ in 1 2; do
	set_fault 300 5 0
	for i in $(seq 40); do curl -sS -o "$DIR/out.$i" -w '%{http_code}\n' "$URL/a.bin" & done >"$DIR/codes"
	sleep 0.1
	get /b.bin
	cmp_whole "$DIR/good/b.bin" "a cached file is served"
	wait_clients
	is "$(sort "$DIR/codes" | uniq -c | awk '{ print $1, $2 }')" "40 503" "all forty clients get 503"
done
set_fault 0 0 0
get /a.bin
is "$STATUS" 200 "the file is served after the disk has recovered"
cmp_whole "$DIR/good/a.bin" "the body is correct"
take_stats
is "$(stat_of in_use 'stats cache ')" 0 "no extent stays in use"
at_least "$(stat_of coalesced 'stats cache ')" 50 "reads were coalesced"
stop_ranged
finish
