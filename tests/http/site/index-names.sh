#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# index: which files a folder may be.
. "$(dirname "$0")/../lib.sh"

make_text a/index.htm one
make_text b/main.txt two
make_text b/index.htm three
make_text c/index.html four
make_text d/main.txt five
mkdir -p "$ROOT/e/index.htm"
config 'index = {"index.htm", "main.txt"}' 'location "/c/" { index = "index.html" }' 'location "/d/" { index = "" }' \
	'location "*.txt" { header = "X-Text: yes" }' 'hide = "/n/index.htm"'
control_clock
start_ranged
get /a/
is "$STATUS $(cat "$BODY")" "200 one" "the first of the list"
get /b/
is "$STATUS $(cat "$BODY")" "200 three" "the first of two that are there"
rm "$ROOT/b/index.htm"
advance 2
get /b/
is "$STATUS $(cat "$BODY")" "200 two" "the second"
is "$(header Content-Type) $(header X-Text)" "text/plain; charset=utf-8 yes" "with its own type and blocks"
get /c/
is "$STATUS $(cat "$BODY")" "200 four" "a location's own list, in place of the outer one"
get /d/
is "$STATUS" 404 "a list that is empty"
get /e/
is "$STATUS" 404 "a folder is no index"
make_text n/index.htm hidden
make_text n/main.txt shown
get /n/
is "$STATUS $(cat "$BODY")" "200 shown" "one that is hidden is passed over"
get /b
is "$STATUS $(header Location)" "301 b/" "without its slash it is sent there"
printf 'index = "a/b"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: index: " "an index is a name"
finish
