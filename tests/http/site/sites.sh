#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# site blocks: by the Host field, and by where a connection came in.
. "$(dirname "$0")/../lib.sh"

for site in top one wild deep own; do make_text $site/which $site; done
make_text top/alone top
SITES=$ROOT ROOT=
config "root = $SITES/top" 'listen = {"127.0.0.1:0"}' 'header = "X-Top: 1"' \
	'site "one.example" {' " root = $SITES/one" ' header = "X-Site: one"' ' location "/which" { cache_control = "no-store" } }' \
	"site \"*.example\" { root = $SITES/wild }" "site \"*.deep.example\" { root = $SITES/deep }" \
	"site \"own.example\" { root = $SITES/own" ' listen = {"127.0.0.1:0"} }' 'site "shared.example" { header = "X-Site: shared" }'
LISTEN=
start_ranged
is "$(wc -l <"$DIR/address")" 2 "two listeners"
served() { # HOST: what is served under it
	get /which -H "Host: $1"
	if [ "$STATUS" = 200 ]; then cat "$BODY"; else echo "$STATUS"; fi
}
is "$(served other)" top "a name that nobody has: the top level"
is "$(served one.example)" one "a name"
get /which -H 'Host: one.example'
is "$(header X-Top) $(header X-Site) $(header Cache-Control)" "1 one no-store" "what the top level says holds in a site, and its locations in it"
is "$(served ONE.Example:8080)" one "in any case, with a port"
is "$(served one.example.)" one "with the dot of the root"
ask 'GET /which HTTP/1.1\r\nHost: one.example \t\r\nRange: bytes=0-1 \r\nConnection: close\r\n\r\n'
is "$STATUS $(cat "$DIR/1.body")" "206 on" "blanks behind a value are none of it"
is "$(served a.example)" wild "a wildcard"
is "$(served a.deep.example)" deep "the longest wildcard"
is "$(served shared.example)" top "a site without a root has the top level's"
get /which -H 'Host: shared.example'
is "$(header X-Site)" shared "and what it says itself"
is "$(served own.example)" wild "a site with a listener of its own is not to be had elsewhere"
get /alone -H 'Host: one.example'
is "$STATUS" 404 "a site's root is not looked for in another"
ask 'GET http://one.example/which HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n'
is "$(cat "$DIR/1.body")" one "the authority of an absolute target beats Host"
ask 'GET /which HTTP/1.0\r\n\r\n'
is "$(cat "$DIR/1.body")" top "HTTP/1.0 without a Host"
use_address "$(tail -n 1 "$DIR/address")"
is "$(served own.example)" own "at its listener"
is "$(served one.example)" 421 "where others are not to be had: 421"
stop_ranged

config "site a { root = $SITES/one" ' location "/a" { cache = pin }' ' workers = 3' '}' "site A { root = $SITES/one }" 'site "a b" {}' "site b {"
OUT=$("$RANGED" --check -c "$DIR/ranged.conf" 2>&1)
like "$OUT" "ranged.conf:3: workers is not allowed in a site" "what can't be said in a site"
like "$OUT" 'ranged.conf:5: site: "A" already has a block in line 1' "a second block of a host"
like "$OUT" 'ranged.conf:6: site: "a b": ' "a host that can't be"
config 'site a { header = "A: b" }'
like "$("$RANGED" --check -c "$DIR/ranged.conf" 2>&1)" 'the site "a" in line 1 has no root' "no root anywhere"
config "site a { root = $SITES/one }"
start_ranged --listen 127.0.0.1:0
is "$(served a) $(served b)" "one 421" "sites alone"
finish
