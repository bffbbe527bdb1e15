#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key cors: the fields that let pages of other origins read and measure responses, with and without credentials;
# preflight requests; responses of every status.
. "$(dirname "$0")/../lib.sh"

make_file any/x.bin 1000 some/x.bin 1000 none/x.bin 1000 both/x.bin 1000 locked/x.bin 1000 inside/x.bin 1000 signed/x.bin 1000 busy/x.bin 1000
mkdir "$ROOT/some/list"
printf 'a:%s\n' "$(openssl passwd -6 b)" >"$DIR/users"
make_keys 'one 0123456789abcdef'
config 'listing = true' 'location "/any/" { cors = "*" server_timing = true }' \
	'location "/some/" { cors = {"https://a.example", "https://b.example:8443"} server_timing = true }' \
	'location "/both/" { cors = {"*", "https://a.example"} }' "location \"/locked/\" { auth_file = \"$DIR/users\" }" \
	"location \"/locked/some/\" { cors = \"https://a.example\" }" 'location "/inside/" { allow = "127.0.0.0/8" }' \
	"location \"/signed/\" { sign_keys = \"$DIR/keys\" }" 'location "/busy/" { cors = "*" requests_per_client = 1 }' \
	'site "s.example" { cors = "https://s.example" }'
start_ranged
get /any/x.bin -H 'Origin: https://who.example'
is "$(header Access-Control-Allow-Origin)" "*" "the value * allows every origin"
is "$(header Access-Control-Expose-Headers)" "Content-Range, Content-Length, ETag, Accept-Ranges" \
	"scripts may read the fields of range requests"
is "$(header_count Vary)" 0 "a response that is the same for all origins does not vary"
get_range 0-9 /any/x.bin -H 'Origin: https://who.example'
is "$STATUS $(header Access-Control-Allow-Origin)" "206 *" "a range has the fields"
get /any/absent -H 'Origin: https://who.example'
is "$STATUS $(header Access-Control-Allow-Origin)" "404 *" \
	"an error response has the fields, so that a script can read the status"
for origin in https://a.example https://b.example:8443; do
	get /some/x.bin -H "Origin: $origin"
	is "$(header Access-Control-Allow-Origin) $(header Vary)" "$origin Origin" "a listed origin is allowed"
done
get /some/x.bin -H "Origin: https://b.example"
is "$STATUS $(header_count Access-Control-Allow-Origin) $(header Vary)" "200 0 Origin" \
	"an origin that is not listed is not allowed"
get /some/x.bin
is "$STATUS $(header_count Access-Control-Allow-Origin) $(header Vary)" "200 0 Origin" \
	"a request without Origin varies by Origin"
get /none/x.bin -H 'Origin: https://a.example'
is "$(grep -ic access-control "$HEAD")" 0 "a location without cors sends no fields"

preflight() { # PATH ORIGIN
	get "$1" -X OPTIONS -H "Origin: $2" -H 'Access-Control-Request-Method: GET' -H 'Access-Control-Request-Headers: range,if-none-match'
}
preflight /any/x.bin https://who.example
is "$STATUS $(header Access-Control-Allow-Origin) $(header Access-Control-Allow-Headers)" "204 * range,if-none-match" \
	"a preflight request is answered"
is "$(header Access-Control-Allow-Methods)" "GET, HEAD, OPTIONS" "a preflight response lists the methods"
like "$(header Access-Control-Max-Age)" '^[0-9]+$' "a preflight response may be cached"
get /any/x.bin -X OPTIONS -H 'Origin: https://a' -H 'Access-Control-Request-Method: GET' -H 'Access-Control-Request-Headers: a"b'
is "$STATUS $(header_count Access-Control-Allow-Headers)" "204 0" \
	"requested header names that are malformed are not repeated"
preflight /some/x.bin https://a.example
is "$STATUS $(header Access-Control-Allow-Origin)" "204 https://a.example" \
	"a preflight request of a listed origin is answered"
preflight /some/x.bin https://c.example
is "$STATUS $(header_count Access-Control-Allow-Origin)$(header_count Access-Control-Allow-Methods)" "204 00" \
	"a preflight request of another origin is not allowed"

# Credentials are allowed only for listed origins, and never for "*".
get /some/x.bin -H 'Origin: https://a.example'
is "$(header Access-Control-Allow-Credentials)" true "credentials are allowed for a listed origin"
get /any/x.bin -H 'Origin: https://a.example'
is "$(header_count Access-Control-Allow-Credentials)" 0 "credentials are not allowed for *"
get /both/x.bin -H 'Origin: https://a.example'
is "$(header Access-Control-Allow-Origin) $(header Access-Control-Allow-Credentials) $(header Vary)" "https://a.example true Origin" \
	"a listed origin beside * may send credentials"
get /both/x.bin -H 'Origin: https://b.example'
is "$(header Access-Control-Allow-Origin) $(header_count Access-Control-Allow-Credentials) $(header Vary)" "* 0 Origin" \
	"another origin beside * may not send credentials"

# Responses of every status have the fields, whether they are new or prebuilt.
all_of() { # NAME STATUS EXPECTED-ORIGIN CURL-OPTION...
	is "$STATUS $(header Access-Control-Allow-Origin) $(header Cross-Origin-Resource-Policy)" "$2 $3 cross-origin" "$1"
}
from=(-H 'Origin: https://a.example')
for try in 1 2 3; do
	get /some/x.bin "${from[@]}"
	all_of "200, request $try" 200 https://a.example
	get /any/x.bin "${from[@]}"
	all_of "200 for all origins, request $try" 200 '*'
	is "$(header Timing-Allow-Origin)" "*" "Timing-Allow-Origin allows all origins"
	get /some/x.bin
	is "$(header Cross-Origin-Resource-Policy) $(header Timing-Allow-Origin)" "cross-origin https://a.example, https://b.example:8443" \
		"a request without Origin, as for an image, has the fields for embedding, request $try"
done
is "$(get /both/x.bin && header_count Timing-Allow-Origin)" 0 "there is no Timing-Allow-Origin without server_timing"
get_range 0-9 /some/x.bin "${from[@]}"
all_of 206 206 https://a.example
get /some/x.bin "${from[@]}" -H 'If-None-Match: *'
all_of 304 304 https://a.example
is "$(header Timing-Allow-Origin)" "https://a.example, https://b.example:8443" "a 304 response has Timing-Allow-Origin"
get_range 5000- /some/x.bin "${from[@]}"
all_of 416 416 https://a.example
get /some/x.bin "${from[@]}" -H 'If-Match: "x"'
all_of 412 412 https://a.example
get /some/list "${from[@]}"
all_of 301 301 https://a.example
for format in html json; do
	get "/some/list/?format=$format" "${from[@]}"
	all_of "a listing as $format" 200 https://a.example
done
get /some/x.bin "${from[@]}" -X POST
all_of 405 405 https://a.example
get /some/x.bin "${from[@]}" -X BREW
all_of 501 501 https://a.example
get /some/x.bin "${from[@]}" -H 'Content-Length: 5' -H 'Content-Length: 6' -X GET
all_of "400 because of a header field" 400 https://a.example
get /some/x.bin "${from[@]}" -H "X: $(printf '%013000d' 0)"
all_of 431 431 https://a.example
get "/some/x.bin?$(printf '%09000d' 0)" "${from[@]}"
all_of 414 414 https://a.example
get /some/%2 -H 'Host: s.example' -H 'Origin: https://s.example'
all_of "400 because of the path: the fields of the site" 400 https://s.example
get /none/x.bin "${from[@]}" --request-target http://u@x/some/x.bin
all_of "400 because of the authority in the target" 400 https://a.example
too_many() {
	curl -sS -o /dev/null "$URL/busy/x.bin?[1-20]"
	get /busy/x.bin "${from[@]}" && [ "$STATUS" = 429 ]
}
await 5 too_many
all_of 429 429 '*'
get /locked/some/x.bin "${from[@]}"
all_of "401, with an origin that is listed" 401 https://a.example

# Without cors, a public file may be embedded by pages of any origin. A file with access control has no such field.
for path in /none/x.bin /none/absent /none/; do
	for try in 1 2 3; do
		get $path
		is "$(header Cross-Origin-Resource-Policy)" cross-origin "$path may be embedded, request $try"
	done
done
get /locked/x.bin
is "$STATUS $(header_count Cross-Origin-Resource-Policy)" "401 0" "a 401 response has no Cross-Origin-Resource-Policy"
get /locked/x.bin -u a:b
is "$STATUS $(header_count Cross-Origin-Resource-Policy)" "200 0" \
	"a file that needs a password has no Cross-Origin-Resource-Policy"
get /inside/x.bin
is "$STATUS $(header_count Cross-Origin-Resource-Policy)" "200 0" \
	"a file with allowed addresses has no Cross-Origin-Resource-Policy"
get "$(sign --expires 1h /signed/x.bin)"
is "$STATUS $(header_count Cross-Origin-Resource-Policy)" "200 0" \
	"a file that needs a signature has no Cross-Origin-Resource-Policy"
printf 'cors = "https://a.example/path"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: cors: " "an origin with a path is rejected"
finish
