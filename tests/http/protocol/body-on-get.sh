#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The body of a GET request is read and discarded. It is not interpreted as another request.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
next='GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=5-9\r\nConnection: close\r\n\r\n'
body='DELETE /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' # 35 bytes

for method in GET HEAD OPTIONS; do
	ask "$method /a.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 35\r\n\r\n$body$next" -m "$method,GET"
	like "$STATUSES" '^20[04] 206$' "$method with a body: both responses arrive"
	cmp_range a.bin 5 9 "the second response is correct" "$DIR/2.body"
done
# libmicrohttpd before 1.0 parses chunks leniently, so the connection is closed after a chunked body.
both='200' last=close
if since_mhd_1; then both='200 206' last=; fi
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n23\r\n$body\r\n0\r\n\r\n$next"
is "$STATUSES" "$both" "a chunked body: the expected responses arrive"
is "$(header Connection "$DIR/1.head")" "$last" "Connection says whether the connection remains open"
cmp_whole a.bin "the first response is correct" "$DIR/1.body"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n$next"
is "$STATUSES" "$both" "an empty chunked body with a trailer is accepted"

head -c 60000 /dev/zero >"$DIR/upload"
get /a.bin -X GET --data-binary "@$DIR/upload" -H 'Expect:'
is "$STATUS" 200 "a body of 60,000 bytes is accepted"
cmp_whole a.bin
finish
