#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# sign_keys: a request needs a signed URL.
. "$(dirname "$0")/../lib.sh"

make_file film.mkv 3000000 small.bin 1000 open/x.bin 1000
make_keys 'one 0123456789abcdef'
config "sign_keys = \"$DIR/keys\"" 'location "/open/" { sign_keys = "" }'
start_ranged
get /small.bin
is "$STATUS" 403 "a request without a signature is 403"
is "$(header Cache-Control)" private "the 403 response is private"
get /absent
is "$STATUS" 403 "a missing file is 403, too"
get /open/x.bin
is "$STATUS $(header_count Cache-Control)" "200 0" "a location can be served without signatures"

small=$(sign /small.bin) film=$(sign /film.mkv)
for _ in 1 2 3; do
	get "$small"
	is "$STATUS $(header Cache-Control) $(header Referrer-Policy)" "200 private no-referrer" \
		"a signed URL is served"
	cmp_whole small.bin
done
get /small.bin
is "$STATUS" 403 "a prebuilt response needs a signature"
get_range 1000001-2999990 "$film"
is "$STATUS $(header Cache-Control)" "206 private" "a range is served"
cmp_range film.mkv 1000001 2999990
get_range 0-0,2000000-2000100 "$film"
is "$STATUS" 206 "two ranges are served"
get "$film"
cmp_whole film.mkv
head_of "$film"
is "$STATUS $(header Content-Length)" "200 3000000" "HEAD is served"
get "$small" -H "If-None-Match: $(etag_of "$ROOT/small.bin")"
is "$STATUS $(header Cache-Control)" "304 private" "a conditional request is served"
get "$(sign /absent)"
is "$STATUS" 404 "a missing file with a signature is 404"
get /small.bin -X OPTIONS
is "$STATUS" 204 "OPTIONS needs no signature, because browsers send preflight requests without it"
get "${film%?}"
is "$STATUS" 403 "a truncated signature is rejected"

stop_ranged
is "$(grep -cE "[?&]s=[A-Za-z0-9_-]{43}( |&)" "$DIR/access.log")" 0 "the access log does not contain signatures"
is "$(grep -c "GET ${small%s=*}s=\* HTTP" "$DIR/access.log")" 4 "the access log contains the rest of the query"
is "$(grep -c "OPTIONS /small.bin HTTP" "$DIR/access.log")" 1 "a request without a signature is logged unchanged"
finish
