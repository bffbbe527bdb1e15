#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# cors: what pages of other origins may read, and the preflight.
. "$(dirname "$0")/lib.sh"

make_file any/x.bin 1000 some/x.bin 1000 none/x.bin 1000
config 'location "/any/" { cors = "*" }' 'location "/some/" { cors = {"https://a.example", "https://b.example:8443"} }'
start_ranged
get /any/x.bin -H 'Origin: https://who.example'
is "$(header Access-Control-Allow-Origin)" "*" "any origin"
is "$(header Access-Control-Expose-Headers)" "Content-Range, Content-Length, ETag, Accept-Ranges" "what a script may see"
is "$(header_count Vary)" 0 "the same for all"
get_range 0-9 /any/x.bin -H 'Origin: https://who.example'
is "$STATUS $(header Access-Control-Allow-Origin)" "206 *" "a range"
get /any/absent -H 'Origin: https://who.example'
is "$STATUS $(header Access-Control-Allow-Origin)" "404 *" "an error, so that the script sees which"
for origin in https://a.example https://b.example:8443; do
	get /some/x.bin -H "Origin: $origin"
	is "$(header Access-Control-Allow-Origin) $(header Vary)" "$origin Origin" "an origin that is named"
done
get /some/x.bin -H "Origin: https://b.example"
is "$STATUS $(header_count Access-Control-Allow-Origin) $(header Vary)" "200 0 Origin" "one that is not"
get /some/x.bin
is "$STATUS $(header_count Access-Control-Allow-Origin) $(header Vary)" "200 0 Origin" "none"
get /none/x.bin -H 'Origin: https://a.example'
is "$(grep -ic access-control "$HEAD")" 0 "nothing where nothing was said"

preflight() { # PATH ORIGIN
	get "$1" -X OPTIONS -H "Origin: $2" -H 'Access-Control-Request-Method: GET' -H 'Access-Control-Request-Headers: range,if-none-match'
}
preflight /any/x.bin https://who.example
is "$STATUS $(header Access-Control-Allow-Origin) $(header Access-Control-Allow-Headers)" "204 * range,if-none-match" "a preflight"
is "$(header Access-Control-Allow-Methods)" "GET, HEAD, OPTIONS" "its methods"
like "$(header Access-Control-Max-Age)" '^[0-9]+$' "how long it holds"
get /any/x.bin -X OPTIONS -H 'Origin: https://a' -H 'Access-Control-Request-Method: GET' -H 'Access-Control-Request-Headers: a"b'
is "$STATUS $(header_count Access-Control-Allow-Headers)" "204 0" "what is no list of names is not repeated"
preflight /some/x.bin https://a.example
is "$STATUS $(header Access-Control-Allow-Origin)" "204 https://a.example" "of an origin that is named"
preflight /some/x.bin https://c.example
is "$STATUS $(header_count Access-Control-Allow-Origin)$(header_count Access-Control-Allow-Methods)" "204 00" "of one that is not"
printf 'cors = "https://a.example/path"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: cors: " "an origin has no path"
finish
