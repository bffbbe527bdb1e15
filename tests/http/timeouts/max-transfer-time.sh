#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# max_transfer_time: a response that takes longer is aborted.
. "$(dirname "$0")/../lib.sh"

make_file limited/a.bin 40000000 unlimited/a.bin 40000000 small.bin 100
config 'min_rate = 0' 'location "/limited/" { max_transfer_time = 60s }'
control_clock
start_ranged
sockets=$(socket_count)
CLIENTS=()
for name in limited unlimited; do
	printf 'GET /%s/a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' $name |
		wire -t "$(seconds 60)" -b 65536 -f 100000 -p "$DIR/$name" >"$DIR/$name.reply" &
	CLIENTS+=($!)
	await 10 test -e "$DIR/$name.reached"
done
advance 50
get /small.bin
is "$STATUS" 200 "another client is served"
is "$(socket_count)" $((sockets + 2)) "both connections are open before max_transfer_time"
advance 11
ok "one connection is closed after max_transfer_time" await 10 sockets_at_most $((sockets + 1))
touch "$DIR/limited.go" "$DIR/unlimited.go"
wait "${CLIENTS[@]}"
is "$(perl "$LIB/replies.pl" "$DIR/limited.reply" "$DIR/limited.")" 200-cut "the limited response is incomplete"
cmp_range limited/a.bin 0 $(($(size_of "$DIR/limited.1.body") - 1)) "its bytes are correct" "$DIR/limited.1.body"
is "$(perl "$LIB/replies.pl" "$DIR/unlimited.reply" "$DIR/unlimited.")" 200 "a response without a limit is complete"
cmp_whole unlimited/a.bin "its bytes are correct" "$DIR/unlimited.1.body"
finish
