#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The body of an error is text, a page or JSON, as Accept says.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged
while IFS="|" read -r type accept; do
	get /absent -H "Accept: $accept"
	is "$STATUS $(header Content-Type) $(header Vary)" "404 $type Accept" "$accept"
done <<-'END'
	text/plain; charset=utf-8|*/*
	text/plain; charset=utf-8|image/png
	text/html; charset=utf-8|text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
	application/json|application/json
	application/json|application/json, text/plain, */*
	text/plain; charset=utf-8|text/plain
END
get /absent -H 'Accept:'
is "$(cat "$BODY")" "404 Not Found" "no Accept"
get /absent -H 'Accept: application/json'
is "$(cat "$BODY")" '{"status":404,"error":"Not Found"}' "JSON"
length=$(header Content-Length)
head_of /absent -H 'Accept: application/json'
is "$STATUS $(header Content-Length)" "404 $length" "HEAD has the same length"
get /absent -H 'Accept: text/html'
like "$(cat "$BODY")" '<p class="code">404</p>.*<h1>Not Found</h1>' "a page"
like "$(header Content-Security-Policy)" "^default-src 'none'" "that fetches nothing"
get_range 200- /a.bin -H 'Accept: application/json'
is "$STATUS $(header Content-Range) $(cat "$BODY")" '416 bytes */100 {"status":416,"error":"Range Not Satisfiable"}' "416 keeps its fields"
get /a.bin -X DELETE -H 'Accept: application/json'
is "$STATUS $(header Allow) $(header Content-Type)" '405 GET, HEAD, OPTIONS application/json' "405, which is refused on sight"
get /a.bin -H 'Accept: application/json'
is "$STATUS $(header_count Vary)" "200 0" "a file does not depend on Accept"
finish
