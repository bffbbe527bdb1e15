#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key try names other files for paths that do not exist, as single-page applications and pages without extensions
# need.
. "$(dirname "$0")/../lib.sh"

make_text app/index.html app
make_text app/style.css css
make_text docs/a.html a
make_text docs/b/page.html b
make_text docs/missing.html missing
mkdir "$ROOT/docs/c"
config 'location "/app/" { try = "/app/index.html" }' 'location "/docs/" { try = {"{path}.html", "{path}/page.html", "/docs/missing.html"} }' \
	'location "*.html" { cache_control = "no-cache" }' 'location "/loop/" { try = "/loop/x" }'
start_ranged
got() { get "$1"; echo "$STATUS $(cat "$BODY")"; }
is "$(got /app/style.css)" "200 css" "a file that exists is served"
is "$(got /app/some/route)" "200 app" "another path is served as the application"
is "$(header Cache-Control) $(header Content-Type)" "no-cache text/html; charset=utf-8" \
	"the location blocks and the type of the served file apply"
is "$(got '/app/some/route/?q=1')" "200 app" "a path with a trailing slash is served as the application"
get_range 1-1 /app/some/route
is "$STATUS $(cat "$BODY")" "206 p" "a range of the served file is sent"
is "$(got /docs/a)" "200 a" "{path} is the path of the request"
is "$(got /docs/b/)" "200 b" "try applies to a directory without an index"
is "$(got /docs/c/)" "200 missing" "the last name of the list is served"
is "$(got /docs/b)" "301 " "a directory without a slash is redirected"
is "$(got /loop/a)" "404 404 Not Found" "if no file of the list exists, the response is 404"
is "$(got /other)" "404 404 Not Found" "try does not apply to other locations"
printf 'try = "index.html"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: try: " "a path without a slash is rejected"
finish
