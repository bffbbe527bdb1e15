#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Slow readers get complete responses.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 4000001
start_ranged

# 12 clients with small windows, together with a fast one.
for i in {1..12}; do
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 8192 -r 2500000 -t "$(seconds 40)" >"$DIR/slow.$i" &
	readers[i]=$!
done
get /a.bin
cmp_whole a.bin "a fast reader gets the file"
failed=0 wrong=0
for i in {1..12}; do
	wait "${readers[i]}" || failed=$((failed + 1))
	perl "$LIB/replies.pl" "$DIR/slow.$i" "$DIR/$i." >"$DIR/statuses"
	cmp "$ROOT/a.bin" "$DIR/$i.1.body" || wrong=$((wrong + 1))
done
is "$failed $wrong" "0 0" "12 slow readers get the complete file"
finish
