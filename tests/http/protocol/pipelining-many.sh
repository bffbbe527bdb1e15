#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A thousand pipelined requests are answered in their order.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000003
start_ranged

RANDOM=7
for _ in $(seq 1000); do
	first=$(((RANDOM * 32768 + RANDOM) % 999000))
	echo "a.bin $first $((first + RANDOM % 1000))"
done >"$DIR/ranges"
{
	awk '{ printf "GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=%d-%d\r\n\r\n", $2, $3 }' "$DIR/ranges"
	printf 'GET /absent HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
} | wire >"$DIR/reply"
is $? 0 "the server closes the connection after the last response"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" "$(yes 206 | head -n 1000 | tr '\n' ' ')404" \
	"all requests are answered"
is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/" .body <"$DIR/ranges")" "1000 compared, 0 wrong" "all bodies are correct"
finish
