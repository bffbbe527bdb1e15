#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Requests sent ahead are answered in order, each whole.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007 b.bin 3000001
start_ranged
get='HTTP/1.1\r\nHost: x\r\n'

ask "GET /a.bin $get\r\nGET /b.bin $get\r\nGET /a.bin ${get}Connection: close\r\n\r\n"
is "$STATUSES" "200 200 200" "three at once"
cmp_whole a.bin "first" "$DIR/1.body"
cmp_whole b.bin "second" "$DIR/2.body"
cmp_whole a.bin "third" "$DIR/3.body"

ask "GET /b.bin ${get}Range: bytes=1000000-\r\n\r\nHEAD /b.bin $get\r\nGET /no $get\r\nOPTIONS / $get\r\nGET /b.bin ${get}Range: bytes=9-8000\r\nConnection: close\r\n\r\n" -m GET,HEAD
is "$STATUSES" "206 200 404 204 206" "five of all kinds"
cmp_range b.bin 1000000 3000000 "first" "$DIR/1.body"
cmp_range b.bin 9 8000 "last" "$DIR/5.body"

# Byte by byte, and in pieces that split the requests anywhere.
ask "GET /a.bin $get\r\nGET /a.bin ${get}Connection: close\r\n\r\n" -c 1
is "$STATUSES" "200 200" "two in single bytes"
ask "GET /a.bin $get\r\nGET /a.bin ${get}Connection: close\r\n\r\n" -c 7
is "$STATUSES" "200 200" "two in pieces"
cmp_whole a.bin "the second" "$DIR/2.body"
finish
