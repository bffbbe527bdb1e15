#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a file is truncated during a transfer, the transfer is aborted. The body is not padded.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 40000000
cp "$ROOT/a.bin" "$DIR/old"
control_clock
start_ranged

for size in 200001 0; do
	cat "$DIR/old" >"$ROOT/a.bin"
	age "$ROOT/a.bin"
	advance 2
	rm -f "$DIR"/client.*
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
	client=$!
	await 10 test -e "$DIR/client.reached"
	truncate -s $size "$ROOT/a.bin"
	touch "$DIR/client.go"
	wait $client
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200-cut "truncated to $size bytes: the transfer is aborted"
	length=$(size_of "$DIR/1.body")
	ok "all $length received bytes are those of the old version" cmp -n "$length" "$DIR/old" "$DIR/1.body"
	advance 2
	get /a.bin
	is "$STATUS $(header Content-Length)" "200 $size" "a later request gets the truncated file"
	cmp_whole a.bin
done
finish
