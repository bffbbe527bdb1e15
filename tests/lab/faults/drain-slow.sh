#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGTERM while reads of a slow disk are in flight: their answers are sent, then the exit status is 0.
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
ok "one reads" await 10 reading 1
curl -sS --fail -o "$DIR/whole" "$URL/slow.bin" &
whole=$!
ok "and another one" await 10 reading 2
kill -TERM "$PID"
wait $part
is $? 0 "a range is sent"
set_fault 0 0 0
wait $whole
is $? 0 "the whole is sent"
end_ranged
is $? 0 "exit status"
cmp_range slow.bin 1000000 1009999 "the range is right" "$DIR/part"
cmp_whole slow.bin "the whole is right" "$DIR/whole"
finish
