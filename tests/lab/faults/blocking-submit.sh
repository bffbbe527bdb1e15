#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A device on which io_submit blocks is demoted to the offload threads, with one line in the log. FUSE is read on the
# offload threads from the start, because io_submit would wait for its max_background. Files of other devices are not
# affected by either of them.
. "$(dirname "$0")/../lib.sh"

need_fuse
need_cmd strace
[ -z "$SANITIZED" ] || skip_all "strace and a sanitizer cannot trace the same process"
mkdir "$DIR/source" "$ROOT/fuse"
real=$ROOT
ROOT=$DIR/source
make_file a.bin 40000000
ROOT=$real
make_file fast.bin 300001 b.bin 4000000
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
take_stats
is "$(stat_of submits "stats device $(stat -c %Hd:%Ld "$ROOT/fuse")")" 0 "io_submit is not called for FUSE"
# Many reads on FUSE, of 0.5 s each, delay no other device.
set_fault 500 0 0
for i in $(seq 30); do curl -sS -o /dev/null -r $((i * 1200000))-$((i * 1200000 + 4999)) "$URL/fuse/a.bin" & done
for _ in 1 2 3 4 5; do curl -sS -o "$DIR/fast" -w '%{time_total}\n' "$URL/fast.bin"; done >"$DIR/times"
cmp_whole fast.bin "a file of another disk is correct" "$DIR/fast"
at_most "$(sort -n "$DIR/times" | tail -n 1 | awk '{ print int($1 * 1000) }')" "$(seconds 300)" \
	"a file of another disk is served at once (ms)"
set_fault 0 0 0
wait_clients
# io_submit takes 25 ms on the other device.
strace -f -o /dev/null -e trace=io_submit -e inject=io_submit:delay_enter=25000 -p "$PID" 2>"$DIR/strace.log" &
STRACE=$!
ok "strace is attached" await 10 grep -q attached "$DIR/strace.log"
demoted() {
	i=$((i + 1))
	get_range $((i * 40000))-$((i * 40000 + 99)) /b.bin
	grep -q 'warning: device .* io_submit blocks' "$DIR/error.log"
}
i=0
ok "a device on which io_submit blocks is demoted" await 10 demoted
kill "$STRACE"
wait "$STRACE" 2>/dev/null
get_range 3999000-3999999 /b.bin
cmp_range b.bin 3999000 3999999
is "$(grep -c 'warning: device .* io_submit blocks' "$DIR/error.log")" 1 "the log has one line about the demotion"
stop_ranged
finish
