#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key index lists the names of index files.
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
is "$STATUS $(cat "$BODY")" "200 one" "the first name of the list is served"
get /b/
is "$STATUS $(cat "$BODY")" "200 three" "if two of the files exist, the first one is served"
rm "$ROOT/b/index.htm"
advance 2
get /b/
is "$STATUS $(cat "$BODY")" "200 two" "if the first file is missing, the second one is served"
is "$(header Content-Type) $(header X-Text)" "text/plain; charset=utf-8 yes" \
	"the index has its own content type and location blocks"
get /c/
is "$STATUS $(cat "$BODY")" "200 four" "the list of a location replaces the outer list"
get /d/
is "$STATUS" 404 "an empty list switches indexes off"
get /e/
is "$STATUS" 404 "a directory is not used as an index"
make_text n/index.htm hidden
make_text n/main.txt shown
get /n/
is "$STATUS $(cat "$BODY")" "200 shown" "a hidden index is skipped"
get /b
is "$STATUS $(header Location)" "301 b/" "a directory without a slash is redirected"
printf 'index = "a/b"\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: index: " "an index with a slash is rejected"
finish
