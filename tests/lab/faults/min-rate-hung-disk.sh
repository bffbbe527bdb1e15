#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# min_rate does not apply to a client whose response waits for the disk: the response is complete after the disk has
# answered. A client that stalls meanwhile is disconnected.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file a.bin 20000000; }
mount_faulty_disk "$ROOT"
config 'min_rate = 16K' 'stall_timeout = 10s'
CACHE=64M
control_clock
start_ranged --workers 1
get_range 0-6000000 /a.bin
sockets=$(socket_count)
set_fault -1 0 0 8000000
curl -sS --fail -o "$DIR/waiting" "$URL/a.bin" &
waiting=$!
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 4096 -f 1000 -p "$DIR/stalled" -t "$(seconds 60)" >"$DIR/stalled.reply" &
stalled=$!
await 10 test -e "$DIR/stalled.reached"
starved() { [ "$(size_of "$DIR/waiting")" -ge 4000000 ]; }
await 10 starved
for _ in $(seq 20); do
	advance 2
	sleep 0.1
done
ok "the stalled client is disconnected" await 5 sockets_at_most $((sockets + 1))
ok "the client that waits for the disk is not disconnected" kill -0 $waiting
set_fault 0 0 0
wait $waiting
is $? 0 "its response is complete after the disk has answered"
cmp_whole a.bin "its bytes are correct" "$DIR/waiting"
touch "$DIR/stalled.go"
wait $stalled
finish
