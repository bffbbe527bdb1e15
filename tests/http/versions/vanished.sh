#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file removed in mid-transfer is sent to its end, and is 404 from then on.
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
is "$STATUS" 404 "who comes now gets 404"
touch "$DIR/client.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "who came before gets all of it"
cmp_whole "$DIR/old" "byte by byte" "$DIR/1.body"
finish
