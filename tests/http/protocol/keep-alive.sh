#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A connection serves one request after the other.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007 b.bin 3000001
start_ranged

out=$(curl -sS -o "$DIR/1" -o "$DIR/2" -o "$DIR/3" -o "$DIR/4" -r 5-14 -w '%{num_connects} %{http_code}\n' "$URL/a.bin" "$URL/b.bin" "$URL/absent" "$URL/a.bin")
is "$(echo "$out" | tr '\n' ' ')" "1 206 0 206 0 404 0 206 " "four requests, one connection"
cmp_range b.bin 5 14 "the second" "$DIR/2"

out=$(curl -sS -o "$DIR/1" -o "$DIR/2" -w '%{num_connects} ' "$URL/b.bin" "$URL/a.bin")
is "$out" "1 0 " "after a streamed body too"
cmp_whole b.bin "the streamed body" "$DIR/1"
cmp_whole a.bin "and the next" "$DIR/2"

get /a.bin -H 'Connection: close'
like "$(header Connection)" '^[Cc]lose$' "Connection: close is answered"
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$RC" 0 "and the connection closed"
finish
