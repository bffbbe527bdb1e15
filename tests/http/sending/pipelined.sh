#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Requests that are pipelined behind long bodies are answered completely and in their order, also if they arrive in
# mid-body. Each line of the access log has the bytes of its own response.
. "$(dirname "$0")/../lib.sh"
. "$LIB/verify.sh"

make_verified 70000001 9000001 10007
config "access_format = '%m %s %B %{range}i'"
start_ranged
get='HTTP/1.1\r\nHost: x\r\n'
ask "GET /9000001.bin $get\r\nHEAD /70000001.bin $get\r\nGET /absent $get\r\nGET /9000001.bin ${get}Range: bytes=0-999999,5000000-8000000\r\n\r\nGET /70000001.bin ${get}Range: bytes=1-60000000\r\n\r\nOPTIONS /10007.bin $get\r\nGET /10007.bin ${get}Range: bytes=9-8000\r\nConnection: close\r\n\r\n" \
	-m GET,HEAD,GET,GET,GET,OPTIONS,GET
is "$STATUSES" "200 200 404 206 206 204 206" "seven different requests are answered in their order"
cmp_whole 9000001.bin "the first body is correct" "$DIR/1.body"
STATUS=206 multipart=$(size_of "$DIR/4.body")
cp "$DIR/4.head" "$HEAD" && cp "$DIR/4.body" "$BODY"
cp "$DIR/1.head" "$DIR/whole.head"
is_multipart 9000001.bin 0-999999 5000000-8000000
cmp_range 70000001.bin 1 60000000 "the long range behind it is correct" "$DIR/5.body"
cmp_range 10007.bin 9 8000 "the last range is correct" "$DIR/7.body"
lines() { [ "$(wc -l <"$DIR/access.log")" -ge "$1" ]; }
await 5 lines 7
is "$(cut -d ' ' -f 1-3 "$DIR/access.log" | paste -sd ,)" \
	"GET 200 9000001,HEAD 200 0,GET 404 $(size_of "$DIR/3.body"),GET 206 $multipart,GET 206 60000000,OPTIONS 204 0,GET 206 7992" \
	"each line of the log has the bytes of its response"

# Later requests are sent in mid-body of the first response of their batch.
verify "deep pipelines behind long bodies" requests=$((SANITIZED ? 100 : 400)) long=50 depth=16 connections=8
finish
