#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A small file that is requested often is answered with a prebuilt response. It is used only if it fits the request and
# the current version of the file.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 5000
control_clock
start_ranged --workers 1
get /a.bin
cp "$HEAD" "$DIR/first.head"
for i in 1 2 3 4; do
	get /a.bin
	cmp_whole a.bin "request $i: the body is correct"
	is "$(grep -vi '^date:' "$HEAD")" "$(grep -vi '^date:' "$DIR/first.head")" \
		"request $i: the header fields are those of the first response"
done
get_range 10-19 /a.bin
is "$STATUS" 206 "a range request is answered with a range"
cmp_range a.bin 10 19
head_of /a.bin
is "$STATUS $(header Content-Length)" "200 5000" "HEAD is answered with the header"
get /a.bin -H "If-None-Match: $(etag_of "$ROOT/a.bin")"
is "$STATUS" 304 "a matching If-None-Match is answered with 304"
get /a.bin -H 'If-Match: "other"'
is "$STATUS" 412 "a failing If-Match is answered with 412"
get /a.bin -H 'Connection: close'
like "$(header Connection)" '^[Cc]lose$' "Connection: close is honoured"
get /a.bin
is "$(header_count Connection)" 0 "Connection: close of one client does not affect other clients"
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUSES" "200 200 200" "three pipelined requests are answered"
for i in 1 2 3; do cmp_whole a.bin "pipelined response $i is correct" "$DIR/$i.body"; done
take_stats
at_least "$(stat_of cache 'stats bytes')" 45000 "the bytes of prebuilt responses are counted"

perl "$LIB/pattern.pl" - other 6000 >"$DIR/new"
mv "$DIR/new" "$ROOT/a.bin"
age "$ROOT/a.bin"
advance 2
for i in 1 2 3; do
	get /a.bin
	cmp_whole a.bin "the new version is served, request $i"
	is "$(header ETag)" "$(etag_of "$ROOT/a.bin")" "the new version has its own tag"
done
rm "$ROOT/a.bin"
advance 2
get /a.bin
is "$STATUS" 404 "a removed file is 404"
let_go() { ! find "/proc/$PID/fd" -lname '*a.bin*' 2>/dev/null | grep -q .; }
ok "the removed file is closed" await 10 let_go
unused() { take_stats && [ "$(stat_of in_use 'stats cache ')" = 0 ]; }
ok "no extent of the removed file stays in use" await 10 unused
stop_ranged
finish
