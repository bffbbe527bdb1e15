#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pipelined requests are answered in their order, each completely.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007 b.bin 3000001
start_ranged
get='HTTP/1.1\r\nHost: x\r\n'

ask "GET /a.bin $get\r\nGET /b.bin $get\r\nGET /a.bin ${get}Connection: close\r\n\r\n"
is "$STATUSES" "200 200 200" "three requests are answered"
cmp_whole a.bin "the first body is correct" "$DIR/1.body"
cmp_whole b.bin "the second body is correct" "$DIR/2.body"
cmp_whole a.bin "the third body is correct" "$DIR/3.body"

ask "GET /b.bin ${get}Range: bytes=1000000-\r\n\r\nHEAD /b.bin $get\r\nGET /no $get\r\nOPTIONS / $get\r\nGET /b.bin ${get}Range: bytes=9-8000\r\nConnection: close\r\n\r\n" -m GET,HEAD
is "$STATUSES" "206 200 404 204 206" "five different requests are answered"
cmp_range b.bin 1000000 3000000 "the first range is correct" "$DIR/1.body"
cmp_range b.bin 9 8000 "the last range is correct" "$DIR/5.body"

# The requests arrive byte by byte, and in segments that split them anywhere.
ask "GET /a.bin $get\r\nGET /a.bin ${get}Connection: close\r\n\r\n" -c 1
is "$STATUSES" "200 200" "two requests that arrive byte by byte are answered"
ask "GET /a.bin $get\r\nGET /a.bin ${get}Connection: close\r\n\r\n" -c 7
is "$STATUSES" "200 200" "two requests that arrive in segments are answered"
cmp_whole a.bin "the second body is correct" "$DIR/2.body"
finish
