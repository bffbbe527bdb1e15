#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The site block of a request is chosen by the Host field and by the listening socket.
. "$(dirname "$0")/../lib.sh"

for site in top one wild deep own several; do make_text $site/which $site; done
make_text top/alone top
SITES=$ROOT ROOT=
config "root = $SITES/top" 'listen = {"127.0.0.1:0"}' 'header = "X-Top: 1"' \
	'site "one.example" {' " root = $SITES/one" ' header = "X-Site: one"' ' location "/which" { cache_control = "no-store" } }' \
	"site \"*.example\" { root = $SITES/wild }" "site \"*.deep.example\" { root = $SITES/deep }" \
	"site \"own.example\" { root = $SITES/own" ' listen = {"127.0.0.1:0"} }' 'site "shared.example" { header = "X-Site: shared" }' \
	"site {\"several.example\", '*.several.example', exact.deep.example} { root = $SITES/several }" \
	"access_format = '%v %{Host}i'"
LISTEN=
start_ranged
is "$(wc -l <"$DIR/address")" 2 "there are two listening sockets"
served() { # HOST: what is served under it
	get /which -H "Host: $1"
	if [ "$STATUS" = 200 ]; then cat "$BODY"; else echo "$STATUS"; fi
}
is "$(served other)" top "an unknown host gets the top level"
is "$(served one.example)" one "the host of a site block gets the site"
get /which -H 'Host: one.example'
is "$(header X-Top) $(header X-Site) $(header Cache-Control)" "1 one no-store" \
	"the top level applies in a site, and locations of the site apply in it"
is "$(served ONE.Example:8080)" one "the host is case-insensitive, and the port is ignored"
is "$(served one.example.)" one "a trailing dot is ignored"
ask 'GET /which HTTP/1.1\r\nHost: one.example \t\r\nRange: bytes=0-1 \r\nConnection: close\r\n\r\n'
is "$STATUS $(cat "$DIR/1.body")" "206 on" "blanks after the value of Host are ignored"
is "$(served a.example)" wild "a wildcard matches"
is "$(served a.deep.example)" deep "the longest wildcard takes precedence"
is "$(served several.example) $(served a.several.example) $(served Exact.deep.example)" "several several several" \
	"each name of a site leads to it, and an exact name takes precedence over a wildcard of another site"
await 5 grep -qi 'exact.deep.example' "$DIR/access.log"
is "$(grep -i 'exact.deep.example' "$DIR/access.log")" "several.example Exact.deep.example" "the access log shows the first name"
is "$(served shared.example)" top "a site without a root has the root of the top level"
get /which -H 'Host: shared.example'
is "$(header X-Site)" shared "a site without a root has its own keys"
is "$(served own.example)" wild "a site with a listening socket of its own is not served on the others"
get /alone -H 'Host: one.example'
is "$STATUS" 404 "a path of one site is not served in another"
ask 'GET http://one.example/which HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n'
is "$(cat "$DIR/1.body")" one "the authority of an absolute target takes precedence over Host"
ask 'GET /which HTTP/1.0\r\n\r\n'
is "$(cat "$DIR/1.body")" top "HTTP/1.0 without Host gets the top level"
use_address "$(tail -n 1 "$DIR/address")"
is "$(served own.example)" own "a site is served on its own listening socket"
is "$(served one.example)" 421 "another host on that socket is answered with 421"
stop_ranged

config "site a { root = $SITES/one" ' location "/a" { cache = pin }' ' workers = 3' '}' "site A { root = $SITES/one }" 'site "a b" {}' "site b {"
OUT=$("$RANGED" --check -c "$DIR/ranged.conf" 2>&1)
like "$OUT" "ranged.conf:3: workers is not allowed in a site" "a key that is not allowed in a site is rejected"
like "$OUT" 'ranged.conf:5: site: "A" already has a block in .*ranged.conf:1' "a second block for the same host is rejected"
like "$OUT" 'ranged.conf:6: site: "a b": ' "an invalid host is rejected"
config 'site a { header = "A: b" }'
like "$("$RANGED" --check -c "$DIR/ranged.conf" 2>&1)" 'the site "a" in .*ranged.conf:1 has no root' \
	"a site without any root is rejected"
config 'site {a, b} { }' "site c { root = $SITES/one }" 'site {"d", "B"} { }'
like "$("$RANGED" --check -c "$DIR/ranged.conf" 2>&1)" 'ranged.conf:3: site: "B" already has a block in .*ranged.conf:1' \
	"a name of two sites is rejected with both places"
config "site a { root = $SITES/one }"
start_ranged --listen 127.0.0.1:0
is "$(served a) $(served b)" "one 421" "a configuration may consist of sites only"
finish
