#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a file is replaced during a transfer, the transfer continues with the old file. Later requests get the new file.
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
is "$(header Content-Length)" 15000000 "a later request gets the new file"
cmp_whole "$DIR/new" "the new file is complete"
touch "$DIR/client.go"
wait $client
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "the transfer continues with the old file"
cmp_whole "$DIR/old" "the old file is complete" "$DIR/1.body"
finish
