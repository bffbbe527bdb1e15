#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The body of an error is plain text, HTML or JSON, depending on Accept.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged
while IFS="|" read -r type accept; do
	get /absent -H "Accept: $accept"
	is "$STATUS $(header Content-Type) $(header Vary)" "404 $type Accept" \
		"the error body for Accept: $accept has the right type"
done <<-'END'
	text/plain; charset=utf-8|*/*
	text/plain; charset=utf-8|image/png
	text/html; charset=utf-8|text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
	application/json|application/json
	application/json|application/json, text/plain, */*
	text/plain; charset=utf-8|text/plain
END
get /absent -H 'Accept:'
is "$(cat "$BODY")" "404 Not Found" "without Accept the body is plain text"
get /absent -H 'Accept: application/json'
is "$(cat "$BODY")" '{"status":404,"error":"Not Found"}' "the JSON body is correct"
length=$(header Content-Length)
head_of /absent -H 'Accept: application/json'
is "$STATUS $(header Content-Length)" "404 $length" "HEAD has the same Content-Length"
get /absent -H 'Accept: text/html'
like "$(cat "$BODY")" '<p class="code">404</p>.*<h1>Not Found</h1>' "the HTML body is correct"
like "$(header Content-Security-Policy)" "^default-src 'none'" "the HTML body loads no other resources"
get_range 200- /a.bin -H 'Accept: application/json'
is "$STATUS $(header Content-Range) $(cat "$BODY")" '416 bytes */100 {"status":416,"error":"Range Not Satisfiable"}' \
	"a 416 response keeps Content-Range"
get /a.bin -X DELETE -H 'Accept: application/json'
is "$STATUS $(header Allow) $(header Content-Type)" '405 GET, HEAD, OPTIONS application/json' \
	"a 405 response, which is sent before the request is processed, has the right type"
get /a.bin -H 'Accept: application/json'
is "$STATUS $(header_count Vary)" "200 0" "a response with a file does not vary by Accept"
finish
