#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A connection serves several requests in sequence.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007 b.bin 3000001
start_ranged

out=$(curl -sS -o "$DIR/1" -o "$DIR/2" -o "$DIR/3" -o "$DIR/4" -r 5-14 -w '%{num_connects} %{http_code}\n' "$URL/a.bin" "$URL/b.bin" "$URL/absent" "$URL/a.bin")
is "$(echo "$out" | tr '\n' ' ')" "1 206 0 206 0 404 0 206 " "four requests use one connection"
cmp_range b.bin 5 14 "the second response is correct" "$DIR/2"

out=$(curl -sS -o "$DIR/1" -o "$DIR/2" -w '%{num_connects} ' "$URL/b.bin" "$URL/a.bin")
is "$out" "1 0 " "the connection remains open after a streamed body"
cmp_whole b.bin "the streamed body is correct" "$DIR/1"
cmp_whole a.bin "the next body is correct" "$DIR/2"

get /a.bin -H 'Connection: close'
like "$(header Connection)" '^[Cc]lose$' "the response to Connection: close has the same field"
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$RC" 0 "the connection is closed"
finish
