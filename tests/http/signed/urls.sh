#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# sign_keys: what a signed URL is good for, and that there is no other way.
. "$(dirname "$0")/../lib.sh"

make_file film.mkv 3000000 small.bin 1000 open/x.bin 1000
make_keys 'one 0123456789abcdef'
config "sign_keys = \"$DIR/keys\"" 'location "/open/" { sign_keys = "" }'
start_ranged
get /small.bin
is "$STATUS" 403 "without a signature"
is "$(header Cache-Control)" private "which no cache keeps"
get /absent
is "$STATUS" 403 "also what is not there"
get /open/x.bin
is "$STATUS $(header_count Cache-Control)" "200 0" "a location may do without"

small=$(sign /small.bin) film=$(sign /film.mkv)
for _ in 1 2 3; do
	get "$small"
	is "$STATUS $(header Cache-Control) $(header Referrer-Policy)" "200 private no-referrer" "with one"
	cmp_whole small.bin
done
get /small.bin
is "$STATUS" 403 "a reply that is at hand is for those who have it"
get_range 1000001-2999990 "$film"
is "$STATUS $(header Cache-Control)" "206 private" "a range"
cmp_range film.mkv 1000001 2999990
get_range 0-0,2000000-2000100 "$film"
is "$STATUS" 206 "two ranges"
get "$film"
cmp_whole film.mkv
head_of "$film"
is "$STATUS $(header Content-Length)" "200 3000000" "HEAD"
get "$small" -H "If-None-Match: $(etag_of "$ROOT/small.bin")"
is "$STATUS $(header Cache-Control)" "304 private" "a conditional request"
get "$(sign /absent)"
is "$STATUS" 404 "what is not there"
get /small.bin -X OPTIONS
is "$STATUS" 204 "OPTIONS needs none: a browser has to ask before it may send one"
get "${film%?}"
is "$STATUS" 403 "cut short"

stop_ranged
is "$(grep -cE "[?&]s=[A-Za-z0-9_-]{43}( |&)" "$DIR/access.log")" 0 "the log does not show signatures"
is "$(grep -c "GET ${small%s=*}s=\* HTTP" "$DIR/access.log")" 4 "but all else"
is "$(grep -c "OPTIONS /small.bin HTTP" "$DIR/access.log")" 1 "and what has none as it is"
finish
