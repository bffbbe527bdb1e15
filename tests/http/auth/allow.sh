#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# allow and deny: the innermost block that has something to say to an address decides, in it the narrower network.
. "$(dirname "$0")/../lib.sh"

make_file a.txt 100 staff/a.txt 100 staff/boss/a.txt 100 staff/open/a.txt 100 closed/a.txt 100 docs/index.html 100
config 'deny = {"127.0.0.66"}' \
	'location "/staff/" { allow = {"127.0.1.0/24", "127.0.2.0/24"}' '  deny = {"127.0.1.66"} }' \
	'location "/staff/boss/" { allow = {"127.0.1.9"} }' \
	'location "/staff/open/" { allow = {"all"} }' \
	'location "/docs/" { deny = {"127.0.4.0/24"} }' \
	'location "*.html" { deny = {"127.0.5.0/24"} }' \
	'location "/closed/" { deny = {"all"} }'
start_ranged

check() { # ADDRESS PATH STATUS NAME
	get "$2" --interface "$1"
	is "$STATUS" "$3" "$4: $2 for $1"
}
check 127.0.0.1 /a.txt 200 "nothing is said of it"
check 127.0.0.66 /a.txt 403 "denied by the top level"
check 127.0.0.1 /staff/a.txt 403 "not in allow"
check 127.0.1.5 /staff/a.txt 200 "in a network of allow"
check 127.0.2.5 /staff/a.txt 200 "in the other one"
check 127.0.3.0 /staff/a.txt 403 "next to it"
check 127.0.1.66 /staff/a.txt 403 "an exception of allow"
check 127.0.1.9 /staff/boss/a.txt 200 "in the inner allow"
check 127.0.1.5 /staff/boss/a.txt 403 "only in the outer allow"
check 127.0.0.1 /staff/open/a.txt 200 "opened by the inner block"
check 127.0.0.66 /staff/open/a.txt 200 "also to whom the outer one denies"
check 127.0.0.66 /docs/ 403 "an inner deny leaves the outer one as it is"
check 127.0.4.1 /docs/ 403 "denied by the location"
check 127.0.5.1 /docs/ 403 "the index has blocks of its own"
check 127.0.6.1 /docs/ 200 "none of these"
check 127.0.0.1 /closed/a.txt 403 "closed to all"
check 127.0.0.1 /closed/absent 403 "what is there is not told"
check 127.0.0.1 /closed/../a.txt 200 "it is the path that counts"
check 127.0.0.1 /a.txt/../closed/a.txt 403 "however it is written"
check 127.0.0.1 /%63losed/a.txt 403 "and escaped"
head_of /closed/a.txt
is "$STATUS" 403 "HEAD"
get /closed/a.txt -H 'Range: bytes=0-9'
is "$STATUS" 403 "a range"
get /staff/open/a.txt
is "$(header Cache-Control)" private "what not everybody gets is for no shared cache"
get /docs/
is "$(header_count Cache-Control)" 0 "what all but a few get may be shared"

check_config() { printf '%s\n' "$1" >"$DIR/bad.conf"; OUT=$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1); }
for value in 10.0.0.1/8 10.0.0.0/33 localhost 2001:db8::/129; do
	check_config "allow = {\"$value\"}"
	like "$OUT" "bad\.conf:1: allow: \"$value\"" "$value is refused"
done
finish
