#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM during reads of a slow disk: the responses are sent, then the exit status is 0.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file slow.bin 3000001; }
mount_faulty_disk "$ROOT"
start_ranged
head_of /slow.bin
set_fault 1500 0 0
reading() { take_stats && [ "$(stat_of in_flight 'stats device 7:')" -ge "$1" ]; }

curl -sS --fail -o "$DIR/part" -r 1000000-1009999 "$URL/slow.bin" &
part=$!
ok "one read is in flight" await 10 reading 1
curl -sS --fail -o "$DIR/whole" "$URL/slow.bin" &
whole=$!
ok "two reads are in flight" await 10 reading 2
kill -TERM "$PID"
wait $part
is $? 0 "the range is sent"
set_fault 0 0 0
wait $whole
is $? 0 "the whole file is sent"
end_ranged
is $? 0 "the exit status is 0"
cmp_range slow.bin 1000000 1009999 "the range is correct" "$DIR/part"
cmp_whole slow.bin "the whole file is correct" "$DIR/whole"
finish
