#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client that reads less than min_rate is disconnected. A slow client above this rate is not.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 40000000
config 'min_rate = 16K' 'stall_timeout = 10s'
control_clock
start_ranged
get /a.bin
sockets=$(socket_count)
request='GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'

# shellcheck disable=SC2059
printf "$request\r\n" | wire -b 4096 -f 1000 -p "$DIR/stalled" -t "$(seconds 60)" >"$DIR/stalled.reply" &
stalled=$!
await 5 test -e "$DIR/stalled.reached"
# shellcheck disable=SC2059
printf "${request}Range: bytes=0-3999999\r\n\r\n" | wire -b 8192 -r 4000000 -t "$(seconds 60)" >"$DIR/slow.reply" &
slow=$!

# In each 2 s of these 20 s the slow client reads 100 KB or more, until it has all bytes.
has_grown() { [ "$(size_of "$DIR/slow.reply")" -ge $((before + 100000)) ] || ! kill -0 "$slow"; }
for _ in 1 2 3 4 5 6 7 8 9 10; do
	before=$(size_of "$DIR/slow.reply")
	advance 2
	await 10 has_grown || diag "the slow client reads nothing"
done
ok "the stalled client is disconnected" await 5 sockets_at_most $((sockets + 1))
wait $slow
is "$?" 0 "the slow client gets its response"
# State 04 is FIN-WAIT-1: the server has closed the connection, but the kernel still has bytes to send.
no_bytes_left() { ! awk -v port="$(printf ':%04X' "${ADDRESS##*:}")$" '$2 ~ port && $4 == "04" { found = 1 } END { exit !found }' /proc/net/tcp; }
ok "the kernel keeps no bytes for it" await 10 no_bytes_left
is "$(perl "$LIB/replies.pl" "$DIR/slow.reply" "$DIR/slow.")" 206 "the response to the slow client is complete"
cmp_range a.bin 0 3999999 "every byte for the slow client is correct" "$DIR/slow.1.body"
touch "$DIR/stalled.go"
wait $stalled
is "$(perl "$LIB/replies.pl" "$DIR/stalled.reply" "$DIR/stalled.")" 200-cut \
	"the stalled client has a part of its response"
finish
