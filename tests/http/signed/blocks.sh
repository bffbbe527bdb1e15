#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Signatures beside what else a block may say: indexes, tries, pages for errors, redirects, fields; and --explain.
. "$(dirname "$0")/../lib.sh"

make_text d/index.html index
make_text e/index.html e
make_text 403.html refused
make_text f/index.html f
make_text spa/index.html app
make_text plain/x.txt plain
make_keys 'one 0123456789abcdef'
(umask 077 && echo 'html 0123456789abcdef' >"$DIR/html")
config 'error_page = "403 /403.html"' \
	"location \"/d/\" { sign_keys = \"$DIR/keys\"" ' expires = 1h }' \
	"location \"/spa/\" { sign_keys = \"$DIR/keys\"" ' try = "/spa/index.html"' ' header = "Referrer-Policy: origin"' ' cache_control = "max-age=5" }' \
	"location \"/to/\" { sign_keys = \"$DIR/keys\"" ' redirect = "/plain{rest}" }' \
	"location \"/e/index.html\" { sign_keys = \"$DIR/html\" }" \
	"location \"/f/\" { sign_keys = \"$DIR/keys\" }" 'location "/f/index.html" { sign_keys = "" }' \
	'location "/plain/" { cors = "*" }'
start_ranged
get /d/
is "$STATUS $(cat "$BODY")" "403 refused" "a page for the error"
is "$(header Cache-Control)" private "which is private too"
get "$(sign /d/)"
is "$STATUS $(cat "$BODY")" "200 index" "who may have a folder may have its index"
is "$(header Cache-Control)" "private, max-age=3600" "private, however long it may be kept"
get "/d/index.html?$(sign /d/ | sed 's/.*?//')"
is "$STATUS" 403 "but under no other name"
get "$(sign /d)"
is "$STATUS" 301 "without the slash"
get /e/
is "$STATUS" 403 "what keys guard is not to be had as an index either"
get "$(sign /e/index.html --key-file "$DIR/html")"
is "$STATUS $(cat "$BODY")" "200 e" "but by its own name"
get "$(sign --prefix /e/ --key-file "$DIR/html")"
is "$STATUS $(cat "$BODY") $(header Cache-Control)" "200 e private" "or by a prefix with the right keys"
for _ in 1 2 3; do
	get "$(sign /f/)"
	is "$STATUS $(header Cache-Control)" "200 private" "an index that anybody may have, by the signature of its folder"
	get /f/index.html
	is "$STATUS $(header_count Cache-Control)" "200 0" "and without one"
done
get "$(sign /spa/any/path)"
is "$STATUS $(cat "$BODY")" "200 app" "try"
is "$(header Referrer-Policy) $(header Cache-Control)" "origin max-age=5" "fields that the rules have their own mind about"
code=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_9
get "/to/x.txt?e=1&k=one&s=$code" -e "$URL/f/?s=$code"
is "$STATUS $(header Location)" "302 /plain/x.txt?e=1&k=one&s=$code" "a redirect gives nothing away, and hands the query on"
get "/plain/x.txt?s=search&e=1"
is "$STATUS $(header_count Cache-Control)" "200 0" "elsewhere the query is nobody's business"
stop_ranged
is "$(grep -c 's=search&e=1' "$DIR/access.log")" 1 "nor is it masked in the log"
is "$(grep -c "$code" "$DIR/access.log")" 0 "but what could be a signature is, wherever it stands"

explain() { "$RANGED" --explain "$1" -c "$DIR/ranged.conf" "$ROOT"; }
like "$(explain /d/)" "signature +the URL has no signature \($DIR/keys\)" "--explain: none"
like "$(explain "$(sign -e 2d /d/)")" "signature +the signature is valid" "--explain: a good one"
like "$(explain "/d/?e=1&k=one&s=$(code_of 1 /d)")" "signature +the signature has expired" "--explain: an old one"
finish
