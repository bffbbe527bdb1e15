#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The live page is small and complete. Its content security policy allows only its own style and script.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"

make_sizes 1000
start_with_admin
URL=http://$ADMIN
get /
is "$STATUS" 200 "the page is served"
is "$(header Content-Type)" "text/html; charset=utf-8" "the page is HTML"
at_most "$(size_of "$BODY")" 36864 "the page has at most 36 KiB"
is "$(head -n 1 "$BODY")" "<!doctype html>" "the page begins with a doctype"
hash_of() { # ELEMENT
	perl -0777 -ne 'print $1 if /<'"$1"'>(.*?)<\/'"$1"'>/s' "$BODY" | openssl dgst -sha256 -binary | openssl base64 -A
}
is "$(header Content-Security-Policy)" "default-src 'none'; style-src 'sha256-$(hash_of style)'; script-src 'sha256-$(hash_of script)'; img-src data:;\
 base-uri 'none'; form-action 'none'; connect-src 'self'; frame-ancestors 'none'" "the policy"
is "$(header Cache-Control)" no-store "the page is not cached"
not_ok "the page loads no other resources" grep -E "(src|href)=['\"]?(https?:)?//|@import|url\(" "$BODY"
not_ok "the script inserts no text as HTML" grep -E 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(' "$BODY"
not_ok "the page has no comments of its sources" grep -E '^[[:space:]]|^/[/*]' "$BODY"
noscript=$(perl -0777 -ne 'print $1 if /<noscript>(.*?)<\/noscript>/s' "$BODY")
like "$noscript" 'href="status".*href="metrics"' "without scripts the page shows links"
head_of /
is "$STATUS $(header Content-Length)" "200 $(curl -s "$URL/" | wc -c)" "HEAD is answered"
get / -X POST -d x
is "$STATUS $(header Allow)" "405 GET, HEAD" "POST is rejected"
get / -H 'Host: rebound.example'
is "$STATUS" 403 "another host name is rejected"
finish
