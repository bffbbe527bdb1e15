#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# https_redirect: requests without TLS are redirected to https, with the same host name.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_sizes 1000
make_text sub/index.html hello
make_text public/x.txt open
start_tls "$(tls_pairs a)" 'https_redirect = true' 'location "/public/" { https_redirect = false }' 'location "/old" { redirect = "/new" }'
to() { # PATH [CURL-OPTION...]
	local tls=$URL
	URL=$PLAIN_URL
	get "$1" "${@:2}"
	URL=$tls
	echo "$STATUS $(header Location)"
}
host=(-H 'Host: a.example')
is "$(to '/sub/a%20b?x=1&y=%2F' "${host[@]}")" "308 $URL/sub/a%20b?x=1&y=%2F" "the path and the query are kept"
is "$(to /1000.bin -H 'Host: a.example:8080')" "308 $URL/1000.bin" "the port of the request is replaced"
is "$(to /sub/ "${host[@]}")" "308 $URL/sub/" "a directory is redirected"
is "$(to / "${host[@]}")" "308 $URL/" "the root is redirected"
is "$(to /1000.bin -H 'Host: [::1]:80')" "308 https://[::1]:$TLS_PORT/1000.bin" "an IPv6 address is kept"
is "$(to /1000.bin)" "308 https://127.0.0.1:$TLS_PORT/1000.bin" "an IPv4 address is kept"
is "$(to /1000.bin --head "${host[@]}")" "308 $URL/1000.bin" "HEAD is redirected"
is "$(to /1000.bin -X OPTIONS "${host[@]}")" "308 $URL/1000.bin" "OPTIONS is redirected"
is "$(to /none "${host[@]}")" "308 $URL/none" "a missing file is redirected"
is "$(to /old "${host[@]}")" "308 $URL/old" "https_redirect takes precedence over redirect"
is "$(to '//evil.example/x' "${host[@]}")" "308 $URL/evil.example/x" "the redirection leads to the same server"
is "$(to /1000.bin -0 -H 'Host:')" "403 " "a request without a host is not redirected"
is "$(to /1000.bin -H 'Host: a"b')" "400 " "an invalid host is not redirected"
is "$(to /public/x.txt "${host[@]}")" "200 " "a location can switch the redirection off"
to /1000.bin "${host[@]}" >/dev/null
is "$(header Content-Length)" 0 "the redirection has no body"
secure_get /1000.bin
is "$STATUS" 200 "a request over TLS is not redirected"
curl -sSL "${TRUST[@]}" --resolve "a.example:${PLAIN_URL##*:}:127.0.0.1" -o "$BODY" "http://a.example:${PLAIN_URL##*:}/1000.bin"
cmp_whole 1000.bin "curl follows the redirection"
stop_ranged

LISTEN=127.0.0.1:0
config 'https_redirect = true'
start_ranged
PLAIN_URL=$URL
is "$(to /x "${host[@]}")" "308 https://a.example/x" "without a TLS listener the redirection leads to the default port"
finish
