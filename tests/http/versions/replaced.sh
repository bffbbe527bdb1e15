#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file replaced in mid-transfer: the old one is sent to its end, the new one from then on.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000000 new.bin 15000000
mv "$ROOT/new.bin" "$DIR/new"
cp "$ROOT/a.bin" "$DIR/old"
control_clock
start_ranged

printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
client=$!
await 10 test -e "$DIR/client.reached"
mv "$DIR/new" "$ROOT/a.bin"
cp -p "$ROOT/a.bin" "$DIR/new"
advance 2
get /a.bin
is "$(header Content-Length)" 15000000 "who comes now gets the new one"
cmp_whole "$DIR/new" "all of it"
touch "$DIR/client.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "who came before gets all of the old one"
cmp_whole "$DIR/old" "byte by byte" "$DIR/1.body"
finish
