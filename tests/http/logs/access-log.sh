#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The access log: combined format, then the range, and the seconds taken; the bytes are those that were sent.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000000
start_ranged
date='\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}\]' seconds='[0-9]+\.[0-9]{6}$'

line() { sed -n "$1p" "$DIR/access.log"; }
lines() { [ "$(wc -l <"$DIR/access.log")" -ge "$1" ]; }

get '/a.bin?q=1' -A agent/1 -e http://from/
get_range 5-104 /a.bin -A agent/1
get_range 0-9,50000-50009 /a.bin -A agent/1
length=$(header Content-Length)
get /absent --head -A agent/1
get /a.bin -H "If-None-Match: *" -A agent/1
get_range 20000000- /a.bin -A agent/1
ask 'GET /%%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
get '/a.bin?"quote' -r 0-0 -A $'in"ject\x01\\ed'
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -b 4096 -f 100000 -a >"$DIR/reply"
ok "a line for each request" await 5 lines 9

client='^127\.0\.0\.1 - - '
like "$(line 1)" "$client$date \"GET /a.bin\?q=1 HTTP/1\.1\" 200 20000000 \"http://from/\" \"agent/1\" \"-\" $seconds" "GET"
like "$(line 2)" "$client$date \"GET /a.bin HTTP/1\.1\" 206 100 \"-\" \"agent/1\" \"bytes=5-104\" $seconds" "a range"
like "$(line 3)" "\" 206 $length \"-\" \"agent/1\" \"bytes=0-9,50000-50009\" $seconds" "two ranges"
like "$(line 4)" "\"HEAD /absent HTTP/1\.1\" 404 0 \"-\" \"agent/1\" \"-\" $seconds" "HEAD"
like "$(line 5)" "\" 304 0 \"-\" \"agent/1\" \"-\" $seconds" "304"
like "$(line 6)" "\" 416 [0-9]+ \"-\" \"agent/1\" \"bytes=20000000-\" $seconds" "416"
like "$(line 7)" "\"GET /%zz HTTP/1\.1\" 400 [0-9]+ \"-\" \"-\" \"-\" $seconds" "400"
like "$(line 8)" "\"GET [^\" ]*quote HTTP/1\.1\" 206 1 \"-\" \"[^\"]*\" \"bytes=0-0\" $seconds" "nothing can be smuggled into a line"
not_ok "no control bytes" grep -q $'[\x01-\x08]' "$DIR/access.log"
sent=$(line 9 | awk '{ print $10 }')
at_least "$sent" 50000 "an aborted one: what was sent"
at_most "$sent" 19999999 "and not what was meant to be"
finish
