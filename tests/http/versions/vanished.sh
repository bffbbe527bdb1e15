#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a file is removed during a transfer, the transfer continues. Later requests are answered with 404.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000000
cp "$ROOT/a.bin" "$DIR/old"
control_clock
start_ranged

printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
client=$!
await 10 test -e "$DIR/client.reached"
rm "$ROOT/a.bin"
advance 2
get /a.bin
is "$STATUS" 404 "a later request is answered with 404"
touch "$DIR/client.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "the transfer continues"
cmp_whole "$DIR/old" "the transfer is complete" "$DIR/1.body"
finish
