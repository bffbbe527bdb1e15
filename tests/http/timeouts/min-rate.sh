#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A reader that takes less than min_rate is cut, a slow one above it is not.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 40000000
config 'min_rate = 64K' 'stall_timeout = 1s'
start_ranged
get /a.bin
sockets=$(socket_count)
request='GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n'

# shellcheck disable=SC2059
printf "$request\r\n" | wire -b 4096 -f 1000 -p "$DIR/stalled" -t "$(seconds 60)" >"$DIR/stalled.reply" &
stalled=$!
await 5 test -e "$DIR/stalled.reached"
# shellcheck disable=SC2059
printf "${request}Range: bytes=0-1500000\r\n\r\n" | wire -b 8192 -r 400000 -t "$(seconds 60)" >"$DIR/slow.reply" &
slow=$!

ok "the stalled one is cut" await 5 sockets_at_most $((sockets + 1))
wait $slow
is "$?" 0 "the slow one ends"
is "$(perl "$LIB/replies.pl" "$DIR/slow.reply" "$DIR/slow.")" 206 "with everything"
cmp_range a.bin 0 1500000 "every byte of it" "$DIR/slow.1.body"
touch "$DIR/stalled.go"
wait $stalled
is "$(perl "$LIB/replies.pl" "$DIR/stalled.reply" "$DIR/stalled.")" 200-cut "the stalled one has a part"
finish
