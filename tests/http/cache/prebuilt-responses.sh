#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A small file that is asked for all the time is answered by a reply that was made before: always the right one, of the file's
# present version, and only to requests that it fits.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 5000
control_clock
start_ranged --workers 1
get /a.bin
cp "$HEAD" "$DIR/first.head"
for i in 1 2 3 4; do
	get /a.bin
	cmp_whole a.bin "time $i"
	is "$(grep -vi '^date:' "$HEAD")" "$(grep -vi '^date:' "$DIR/first.head")" "the same header fields"
done
get_range 10-19 /a.bin
is "$STATUS" 206 "a range is a range"
cmp_range a.bin 10 19
head_of /a.bin
is "$STATUS $(header Content-Length)" "200 5000" "HEAD"
get /a.bin -H "If-None-Match: $(etag_of "$ROOT/a.bin")"
is "$STATUS" 304 "a condition is looked at"
get /a.bin -H 'If-Match: "other"'
is "$STATUS" 412 "another one, too"
get /a.bin -H 'Connection: close'
like "$(header Connection)" '^[Cc]lose$' "a client that closes"
get /a.bin
is "$(header_count Connection)" 0 "does not close for others"
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUSES" "200 200 200" "three in a row on one connection"
for i in 1 2 3; do cmp_whole a.bin "its body $i" "$DIR/$i.body"; done
take_stats
at_least "$(stat_of cache 'stats bytes')" 45000 "bytes: these uses are counted"

perl "$LIB/pattern.pl" - other 6000 >"$DIR/new"
mv "$DIR/new" "$ROOT/a.bin"
age "$ROOT/a.bin"
advance 2
for i in 1 2 3; do
	get /a.bin
	cmp_whole a.bin "the new version, time $i"
	is "$(header ETag)" "$(etag_of "$ROOT/a.bin")" "with its own tag"
done
rm "$ROOT/a.bin"
advance 2
get /a.bin
is "$STATUS" 404 "gone is gone"
let_go() { ! find "/proc/$PID/fd" -lname '*a.bin*' 2>/dev/null | grep -q .; }
ok "and nobody keeps it open" await 10 let_go
take_stats
is "$(stat_of in_use 'stats cache ')" 0 "nor its bytes"
stop_ranged
finish
