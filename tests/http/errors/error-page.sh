#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# error_page names a file that is sent as the body of an error response. The status remains that of the error.
. "$(dirname "$0")/../lib.sh"

make_text 404.html '<p>lost'
make_text 4xx.html '<p>four'
make_text app/404.html '<p>app'
make_file x.bin 1000 big.html 3000000
make_text several.html several
config 'error_page = {"404 /404.html", "4xx /4xx.html"}' 'location "/several/" { error_page = {"403 404 410 /several.html", "4xx /404.html"} }' 'location "/app/" { error_page = "404 /app/404.html" }' \
	'location "/gone/" { error_page = "404 /nowhere.html" }' 'location "/big/" { error_page = "404 /big.html" }'
start_ranged
get /absent
is "$STATUS $(cat "$BODY")" "404 <p>lost" "the page of one status is sent"
is "$(header Content-Type)" "text/html; charset=utf-8" "the page has its own content type"
is "$(header_count ETag)$(header_count Last-Modified)$(header_count Accept-Ranges)" "000" "the page has no validators"
get /absent -H 'Range: bytes=0-1' -H 'If-None-Match: *'
is "$STATUS $(cat "$BODY")" "404 <p>lost" "Range and conditions do not apply to the page"
head_of /absent
is "$STATUS $(header Content-Length)" "404 7" "HEAD has the length of the page"
get_range 5000- /x.bin
is "$STATUS $(cat "$BODY") $(header Content-Range)" "416 <p>four bytes */1000" \
	"the page of a class of statuses is sent with the fields of the error"
get /x.bin -H 'If-Match: "x"'
is "$STATUS $(cat "$BODY")" "412 <p>four" "a 412 response has the page"
get /app/x
is "$STATUS $(cat "$BODY")" "404 <p>app" "the page of an inner block is sent"
get /several/x
is "$STATUS $(cat "$BODY")" "404 several" "an entry may name several statuses"
get /several/ -X BREW
isnt "$(cat "$BODY")" several "the entry does not apply to other statuses"
get /gone/x
is "$STATUS $(cat "$BODY")" "404 404 Not Found" "if the page is missing, the default body is sent"
like "$(cat "$DIR/error.log")" "warning: error_page: /nowhere.html cannot be sent" "and the log mentions it"
like "$("$RANGED" --check -c "$DIR/ranged.conf" "$ROOT")" \
	"warning: error_page: /nowhere.html cannot be sent from $ROOT: No such file or directory" "--check mentions it"
is "$("$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" | grep -c warning)" 1 "pages that exist are not mentioned"
get /big/x
is "$STATUS" 404 "a large page is sent"
cmp_whole big.html
ask 'GET /absent HTTP/1.1\r\nHost: x\r\n\r\nGET /x.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUSES" "404 200" "the connection serves another request"
printf 'error_page = "200 /x"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: error_page: " \
	"a status that is not an error is rejected"
finish
