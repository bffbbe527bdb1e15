#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The default access log is the combined format, followed by the range and the duration in seconds. The bytes are those
# that were sent.
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
ok "each request has a line" await 5 lines 9

client='^127\.0\.0\.1 - - '
like "$(line 1)" "$client$date \"GET /a.bin\?q=1 HTTP/1\.1\" 200 20000000 \"http://from/\" \"agent/1\" \"-\" $seconds" \
	"the line of GET is correct"
like "$(line 2)" "$client$date \"GET /a.bin HTTP/1\.1\" 206 100 \"-\" \"agent/1\" \"bytes=5-104\" $seconds" \
	"the line of a range is correct"
like "$(line 3)" "\" 206 $length \"-\" \"agent/1\" \"bytes=0-9,50000-50009\" $seconds" \
	"the line of two ranges is correct"
like "$(line 4)" "\"HEAD /absent HTTP/1\.1\" 404 0 \"-\" \"agent/1\" \"-\" $seconds" "the line of HEAD is correct"
like "$(line 5)" "\" 304 0 \"-\" \"agent/1\" \"-\" $seconds" "the line of a 304 response is correct"
like "$(line 6)" "\" 416 [0-9]+ \"-\" \"agent/1\" \"bytes=20000000-\" $seconds" "the line of a 416 response is correct"
like "$(line 7)" "\"GET /%zz HTTP/1\.1\" 400 [0-9]+ \"-\" \"-\" \"-\" $seconds" "the line of a 400 response is correct"
like "$(line 8)" "\"GET [^\" ]*quote HTTP/1\.1\" 206 1 \"-\" \"[^\"]*\" \"bytes=0-0\" $seconds" \
	"quotes and control characters are escaped"
not_ok "the log has no control bytes" grep -q $'[\x01-\x08]' "$DIR/access.log"
sent=$(line 9 | awk '{ print $10 }')
at_least "$sent" 50000 "an aborted response is logged with the bytes that were sent"
at_most "$sent" 19999999 "an aborted response is not logged with all bytes"
finish
