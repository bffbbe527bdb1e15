#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A device on which io_submit blocks (FUSE with more reads in flight than it accepts) is demoted to the offload threads,
# with one line in the log. Files of other devices are not affected.
. "$(dirname "$0")/../lib.sh"

need_fuse
mkdir "$DIR/source" "$ROOT/fuse"
real=$ROOT
ROOT=$DIR/source
make_file a.bin 40000000
ROOT=$real
make_file fast.bin 300001
start_faultfs "$DIR/source" "$ROOT/fuse"
echo 4 >"/sys/fs/fuse/connections/$(stat -c %d "$ROOT/fuse")/max_background"
config 'disk_depth = 64' 'max_connections_per_client = 0'
start_ranged --workers 1
head_of /fuse/a.bin
get /fast.bin
set_fault 50 0 0
spaced_ranges 300000 120 fuse/a.bin
get_ranges "120 reads" 60
sed -i 's|^fuse/||' "$DIR/ranges" # relative to the mount point
compare_ranges 120 "$DIR/source"
is "$(grep -c 'warning: device .* io_submit blocks' "$DIR/error.log")" 1 "the log has one line about the demotion"
take_stats
is "$(grep -c 'mode=offload' "$DIR/stats")" 1 "one device is demoted"
# Many reads on the demoted device, of 0.5 s each, now delay no other device.
set_fault 500 0 0
for i in $(seq 30); do curl -sS -o /dev/null -r $((i * 1200000))-$((i * 1200000 + 4999)) "$URL/fuse/a.bin" & done
for _ in 1 2 3 4 5; do curl -sS -o "$DIR/fast" -w '%{time_total}\n' "$URL/fast.bin"; done >"$DIR/times"
cmp_whole fast.bin "a file of another disk is correct" "$DIR/fast"
at_most "$(sort -n "$DIR/times" | tail -n 1 | awk '{ print int($1 * 1000) }')" "$(seconds 300)" \
	"a file of another disk is served at once (ms)"
set_fault 0 0 0
wait_clients
stop_ranged
finish
