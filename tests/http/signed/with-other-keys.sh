#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Signatures together with other keys of a location: index, try, error_page, redirect, header; and --explain.
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
is "$STATUS $(cat "$BODY")" "403 refused" "an error page is sent"
is "$(header Cache-Control)" private "the error page is private"
get "$(sign /d/)"
is "$STATUS $(cat "$BODY")" "200 index" "the signature of a directory is valid for its index"
is "$(header Cache-Control)" "private, max-age=3600" "the index is private, with the configured max-age"
get "/d/index.html?$(sign /d/ | sed 's/.*?//')"
is "$STATUS" 403 "the index under its own name needs another signature"
get "$(sign /d)"
is "$STATUS" 301 "a directory without a slash is redirected"
get /e/
is "$STATUS" 403 "a file of another location cannot be read as an index"
get "$(sign /e/index.html --key-file "$DIR/html")"
is "$STATUS $(cat "$BODY")" "200 e" "a file of another location is served with its own signature"
get "$(sign --prefix /e/ --key-file "$DIR/html")"
is "$STATUS $(cat "$BODY") $(header Cache-Control)" "200 e private" \
	"a file of another location is served with a prefix signed by its own keys"
for _ in 1 2 3; do
	get "$(sign /f/)"
	is "$STATUS $(header Cache-Control)" "200 private" \
		"an index without sign_keys is private if the directory has a signature"
	get /f/index.html
	is "$STATUS $(header_count Cache-Control)" "200 0" "an index without sign_keys is public without a signature"
done
get "$(sign /spa/any/path)"
is "$STATUS $(cat "$BODY")" "200 app" "a file of try is served"
is "$(header Referrer-Policy) $(header Cache-Control)" "origin max-age=5" \
	"the location sets its own Referrer-Policy and Cache-Control"
code=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_9
get "/to/x.txt?e=1&k=one&s=$code" -e "$URL/f/?s=$code"
is "$STATUS $(header Location)" "302 /plain/x.txt?e=1&k=one&s=$code" \
	"a redirection needs no signature and keeps the query"
get "/plain/x.txt?s=search&e=1"
is "$STATUS $(header_count Cache-Control)" "200 0" "a location without sign_keys ignores the query"
stop_ranged
is "$(grep -c 's=search&e=1' "$DIR/access.log")" 1 "the query of such a location is logged"
is "$(grep -c "$code" "$DIR/access.log")" 0 "a parameter that may be a signature is masked in the log"

explain() { "$RANGED" --explain "$1" -c "$DIR/ranged.conf" "$ROOT"; }
like "$(explain /d/)" "signature +the URL has no signature \($DIR/keys\)" "--explain without a signature"
like "$(explain "$(sign -e 2d /d/)")" "signature +the signature is valid" "--explain with a valid signature"
like "$(explain "/d/?e=1&k=one&s=$(code_of 1 /d)")" "signature +the signature has expired" \
	"--explain with an expired signature"
finish
