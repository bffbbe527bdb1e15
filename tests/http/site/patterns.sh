#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A pattern that can match no path is rejected with the right spelling, by --check and at a start, and that spelling
# protects the file. Special characters in brackets are literal. "*" needs no quotes.
# shellcheck disable=SC2016 # the settings of other servers have variables
. "$(dirname "$0")/../lib.sh"

make_file docs/x.key 10 docs/x.bak 10 docs/x.txt 10 'docs/{a}' 10 'docs/b%41' 10 'docs/c\d' 10 docs/A 10

# is_rejected SETTING SPELLING: --check and a start report the spelling and the line.
is_rejected() {
	printf '\n%s\n' "$1" >"$DIR/bad.conf"
	like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:2: .*$2" "$1 is rejected: $2"
	like "$(timeout 20 "$RANGED" -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:2: .*$2" "$1 prevents a start"
}

is_rejected 'location "docs/*.key" { deny = "all" }' 'write "/docs/\*\.key"'
is_rejected 'hide = "docs/*.key"' 'write "/docs/\*\.key"'
is_rejected 'location "~* \.(key|pem)$" { deny = "all" }' 'write "\*\.key" and "\*\.pem"'
is_rejected "location '~* \\.(key|pem)\$' { deny = \"all\" }" 'write "\*\.key" and "\*\.pem"'
is_rejected 'site "a.example" { location "*.{key,pem}" { deny = "all" } }' 'write "\*\.key" and "\*\.pem"'
is_rejected 'location "^~ /docs*" { deny = "all" }' 'write "/docs\*"'
is_rejected 'location "= /docs/x.key" { deny = "all" }' 'write "/docs/x\.key"'
is_rejected 'location "@name" { deny = "all" }' 'no named locations'
is_rejected 'location "/d%6fcs/" { deny = "all" }' 'write "/docs/"'
is_rejected 'location "[" { deny = "all" }' 'write "\[\[\]"'
is_rejected 'hide = "./x.key"' 'write "/x\.key"'
is_rejected 'try = {"$uri/", "/index.html"}' 'write "\{path\}/index\.html"'
is_rejected 'error_page = "404 /a%20b.html"' 'write "/a b\.html"'
is_rejected 'error_page = "404 404.html"' 'must begin with a slash'
is_rejected 'redirect = "https://$host$request_uri"' 'write "\{path\}"'
is_rejected 'index = "index.*"' 'not a pattern'
is_rejected 'require = "/a%20b"' 'write "/a b"'
is_rejected 'mime = "*.foo text/x-foo"' 'write "foo text/x-foo"'
is_rejected 'mime = "tar.foo text/x-foo"' 'write "foo text/x-foo"'

config 'location "/docs/*.key" { deny = "all" }' 'location "/docs/[{]a}" { deny = "all" }' \
	'hide = {*.bak, *~}' 'location /d*/*.txt { deny = all }' \
	'location "/docs/b[%]41" { deny = "all" }' 'location "/docs/c[\\\\]d" { deny = "all" }'
start_ranged
for path in /docs/x.key /docs/x.txt /docs/%7Ba%7D /docs/b%2541 /docs/c%5Cd; do
	get "$path"
	is "$STATUS" 403 "$path is denied"
done
get /docs/x.bak
is "$STATUS" 404 "a pattern without quotes hides"
get /docs/A
is "$STATUS" 200 "another file is served"
finish
