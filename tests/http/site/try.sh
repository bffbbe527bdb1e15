#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# try: other paths for what is not there, as one-page applications and pages without their extension want.
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
is "$(got /app/style.css)" "200 css" "what is there is served"
is "$(got /app/some/route)" "200 app" "what is not is the application"
is "$(header Cache-Control) $(header Content-Type)" "no-cache text/html; charset=utf-8" "with the blocks and the type of the file that is served"
is "$(got '/app/some/route/?q=1')" "200 app" "with a slash behind it"
get_range 1-1 /app/some/route
is "$STATUS $(cat "$BODY")" "206 p" "a range of it"
is "$(got /docs/a)" "200 a" "{path} is what was asked for"
is "$(got /docs/b/)" "200 b" "also of a folder without an index"
is "$(got /docs/c/)" "200 missing" "the last one"
is "$(got /docs/b)" "301 " "a folder without its slash is a folder"
is "$(got /loop/a)" "404 404 Not Found" "a path that is not there either"
is "$(got /other)" "404 404 Not Found" "elsewhere what is not there is not there"
printf 'try = "index.html"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: try: " "a path has a slash"
finish
