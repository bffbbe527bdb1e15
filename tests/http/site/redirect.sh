#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key redirect sends a redirection. Its target may contain parts of the request.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000
config 'location "/old/" { redirect = "301 /new{rest}" }' 'location "/docs" { redirect = "https://docs.example{path}" }' \
	'location "/q" { redirect = "308 /other?fixed=1" }' 'location "/host" { redirect = "307 http://{host}:81{path}" }' \
	'location "*.moved" { redirect = "/x.bin" }' \
	'location "/strip/" { redirect = "301 /{rest}" }' 'location "/bare/" { redirect = "{rest}" }'
start_ranged
to() { get "$1" "${@:2}"; echo "$STATUS $(header Location)"; }
is "$(to /old/a/b)" "301 /new/a/b" "{rest} is the path after the prefix"
is "$(to /old/)" "301 /new/" "{rest} may be empty"
is "$(to '/old/a%20b/%C3%A9/?x=1&y=2')" "301 /new/a%20b/%C3%A9/?x=1&y=2" \
	"{rest} is escaped, and the trailing slash and the query are kept"
is "$(to '/old/%0d%0aX-Evil:%201')" "301 /new/%0D%0AX-Evil:%201" "a line end in the path is escaped"
is "$(to /docs/a)" "302 https://docs.example/docs/a" "{path} is the whole path; the default status is 302"
is "$(to '/q?a=b')" "308 /other?fixed=1" "a query in the target replaces that of the request"
is "$(to /host -H 'Host: a.example')" "307 http://a.example:81/host" "{host} is the host of the request"
is "$(to /host -H 'Host: a"<b')" "400 " "an invalid host is rejected"
is "$(to /strip/evil.example/a)" "301 /evil.example/a" "a slash before {rest} does not make the path a host"
is "$(to /bare/a)" "302 /a" "{rest} may be the whole target"
ask 'GET http://good.example/host HTTP/1.1\r\nHost: evil.example\r\n\r\nGET http://a@b/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$(header Location "$DIR/1.head")" "http://good.example:81/host" \
	"{host} is the authority of an absolute request target"
is "$STATUSES" "307 400" "an authority with user information is rejected"
is "$(to /a/b.moved)" "302 /x.bin" "a glob can redirect"
get /a/b.moved -L
cmp_whole x.bin "curl follows the redirection"
head_of /old/a
is "$STATUS $(header Location)" "301 /new/a" "HEAD is redirected"
for bad in 'new' '200 /x' '/a b' 'javascript:x'; do
	printf 'redirect = "%s"\n' "$bad" >"$DIR/bad.conf"
	like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: redirect: " "$bad is rejected"
done
finish
