#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Equal error replies share a response. Replies that differ in the method, the site, the location, Accept, the version of
# HTTP or the configuration do not. Each request is sent twice, because the second one uses the response of the first.
. "$(dirname "$0")/../lib.sh"

write_config() { # VALUE
	config 'location "/private" { header = "X-Test: private" }' 'location "/denied" { deny = {"all"} }' \
		"site \"b.test\" { root = $ROOT" " header = \"X-Test: $1\"" '}'
}

twice() { # EXPECTED NAME CURL-ARGUMENT...: compares status, length, X-Test, type and body
	local round expected=$1 name=$2
	shift 2
	for round in first second; do
		get "$@"
		is "$STATUS $(header Content-Length) $(header X-Test) $(header Content-Type) $(head -c 13 "$BODY")" "$expected" \
			"$name, $round request"
	done
}

head_twice() { # URL NAME
	local round
	for round in first second; do
		head_of "$1"
		is "$STATUS $(header Content-Length)" "404 14" "$2, $round request"
	done
}

plain="text/plain; charset=utf-8"
write_config one
start_ranged
twice "404 14  $plain 404 Not Found" "a 404 has its fields" /absent
head_twice /absent "HEAD after GET has the length of the body"
twice "404 14  $plain 404 Not Found" "GET after HEAD has its body" /other
twice "404 14 private $plain 404 Not Found" "a location adds its field" /private/absent
twice "404 14 one $plain 404 Not Found" "a site adds its field" /absent -H 'Host: b.test'
twice "404 14  $plain 404 Not Found" "the field of a site stays with the site" /absent
twice '404 35  application/json {"status":404' "another type has another body" /absent -H 'Accept: application/json'
twice "403 14  $plain 403 Forbidden" "another status has another body" /denied/absent
twice "405 23  $plain 405 Method No" "a 405 has its body" /absent -X DELETE

close_of() { # CURL-ARGUMENT...: prints the field Connection
	get /absent "$@"
	header Connection
}
is "$(close_of)$(close_of -0)$(close_of)" "close" "only the reply to HTTP/1.0 closes the connection"
is "$(close_of -H 'Connection: close')$(close_of)" "close" "a client's Connection: close does not reach the next reply"

request() { printf '%s /absent HTTP/1.1\r\nHost: a\r\n%s\r\n' "$1" "${2:-}"; }
{ request GET; request HEAD; request GET; request GET $'Connection: close\r\n'; } | wire >"$DIR/wire"
is "$(grep -ac '^HTTP/1.1 404' "$DIR/wire") $(grep -ac '^404 Not Found' "$DIR/wire") $(grep -aic '^Connection: close' "$DIR/wire")" \
	"4 3 1" "replies on one connection have a body unless the method is HEAD, and only the last one closes"

write_config two
reload_ranged
twice "404 14 two $plain 404 Not Found" "a reload changes the field of a site" /absent -H 'Host: b.test'
finish
