#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# error_page: a file as the body of an error, under the error's status.
. "$(dirname "$0")/../lib.sh"

make_text 404.html '<p>lost'
make_text 4xx.html '<p>four'
make_text app/404.html '<p>app'
make_file x.bin 1000 big.html 3000000
config 'error_page = {"4xx /4xx.html", "404 /404.html"}' 'location "/app/" { error_page = "404 /app/404.html" }' \
	'location "/gone/" { error_page = "404 /nowhere.html" }' 'location "/big/" { error_page = "404 /big.html" }'
start_ranged
get /absent
is "$STATUS $(cat "$BODY")" "404 <p>lost" "the page of a status"
is "$(header Content-Type)" "text/html; charset=utf-8" "its type"
is "$(header_count ETag)$(header_count Last-Modified)$(header_count Accept-Ranges)" "000" "it has no validators"
get /absent -H 'Range: bytes=0-1' -H 'If-None-Match: *'
is "$STATUS $(cat "$BODY")" "404 <p>lost" "neither range nor conditions are about it"
head_of /absent
is "$STATUS $(header Content-Length)" "404 7" "HEAD"
get_range 5000- /x.bin
is "$STATUS $(cat "$BODY") $(header Content-Range)" "416 <p>four bytes */1000" "the page of a class, and the error's own fields"
get /x.bin -H 'If-Match: "x"'
is "$STATUS $(cat "$BODY")" "412 <p>four" "412"
get /app/x
is "$STATUS $(cat "$BODY")" "404 <p>app" "the inner block's page"
get /gone/x
is "$STATUS $(cat "$BODY")" "404 404 Not Found" "a page that is not there itself"
get /big/x
is "$STATUS" 404 "a large one"
cmp_whole big.html
ask 'GET /absent HTTP/1.1\r\nHost: x\r\n\r\nGET /x.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUSES" "404 200" "the connection goes on"
printf 'error_page = "200 /x"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: error_page: " "200 is no error"
finish
