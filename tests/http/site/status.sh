#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key status replies with a fixed status, regardless of the files.
. "$(dirname "$0")/../lib.sh"

make_text old/a.html a
make_text old/new/b.html b
make_text gone.html 'this is gone'
: >"$DIR/users"
config 'location "/old/" { status = 410 error_page = {"410 /gone.html"} cors = "*" header = "X-Why: moved" }' \
	'location "/old/new/" { status = 0 }' 'location "/old/moved/" { redirect = "301 /old/new/b.html" }' \
	'location "/from/" { redirect = "/x" }' 'location "/from/here/" { status = 404 }' \
	'location "/generate_204" { status = 204 }' 'location "/law" { status = 451 }' 'location "/busy" { status = 503 }' \
	"location \"/closed\" { status = 404 auth_file = $DIR/users deny = \"all\" }" \
	'location "/try/" { try = "/old/a.html" }'
start_ranged
got() { get "$1" "${@:2}"; echo "$STATUS $(cat "$BODY")"; }
is "$(got /old/a.html)" "410 this is gone" "a file of the path is not served, and the error page is sent"
is "$(header Access-Control-Allow-Origin) $(header X-Why)" "* moved" "the response has the fields of the location"
is "$(got /old/nothing/at/all)" "410 this is gone" "the path need not exist"
head_of /old/a.html
is "$STATUS" 410 "HEAD gets the same status"
is "$(got /old/a.html -H 'Range: bytes=0-0')" "410 this is gone" "a range gets the same status"
is "$(got /old/a.html -H 'If-None-Match: *')" "410 this is gone" "a precondition gets the same status"
is "$(got /old/new/b.html)" "200 b" "status = 0 cancels the status of an outer block"
get /old/moved/x
is "$STATUS $(header Location)" "301 /old/new/b.html" "an inner redirect has precedence over an outer status"
get /from/here/x
is "$STATUS" 404 "an inner status has precedence over an outer redirect"
get /generate_204
is "$STATUS $(header Content-Length)" "204 " "204 has no body"
is "$(got /law)" "451 451 Unavailable For Legal Reasons" "451 has a body of its own"
get /busy
is "$STATUS $(header Retry-After)" "503 1" "503 has Retry-After"
is "$(got /closed)" "404 404 Not Found" "the status precedes access control, like a redirect"
is "$(got /try/x)" "200 a" "the status does not apply to a file that replaces the path"
get /old/a.html -X OPTIONS
is "$STATUS" 204 "OPTIONS is answered"
get /old/a.html -X POST
is "$STATUS" 405 "other methods are rejected"
like "$("$RANGED" --explain /old/a.html -c "$DIR/ranged.conf" "$ROOT")" 'location "/old/":.* status.*status +410' "--explain shows the status"
for bad in 200 301 401 416 444 600 gone -1 ''; do
	printf 'location "/x" { status = "%s" }\n' "$bad" >"$DIR/bad.conf"
	like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: status: " "\"$bad\" is refused"
done
finish
