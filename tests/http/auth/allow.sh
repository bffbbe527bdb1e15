#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# allow and deny: the innermost block that matches the address decides. Within a block, the narrowest network decides.
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
check 127.0.0.1 /a.txt 200 "no key matches"
check 127.0.0.66 /a.txt 403 "denied by the top level"
check 127.0.0.1 /staff/a.txt 403 "not in allow"
check 127.0.1.5 /staff/a.txt 200 "in a network of allow"
check 127.0.2.5 /staff/a.txt 200 "in another network of allow"
check 127.0.3.0 /staff/a.txt 403 "one address after a network of allow"
check 127.0.1.66 /staff/a.txt 403 "an exception within a network of allow"
check 127.0.1.9 /staff/boss/a.txt 200 "in the inner allow"
check 127.0.1.5 /staff/boss/a.txt 403 "in the outer allow only"
check 127.0.0.1 /staff/open/a.txt 200 "allowed by the inner block"
check 127.0.0.66 /staff/open/a.txt 200 "denied by the outer block, allowed by the inner block"
check 127.0.0.66 /docs/ 403 "denied by the outer block, not in the inner deny"
check 127.0.4.1 /docs/ 403 "denied by the location"
check 127.0.5.1 /docs/ 403 "denied by a block that matches the index"
check 127.0.6.1 /docs/ 200 "not in any deny"
check 127.0.0.1 /closed/a.txt 403 "denied for all addresses"
check 127.0.0.1 /closed/absent 403 "a missing file in a denied location"
check 127.0.0.1 /closed/../a.txt 200 "the normalized path decides"
check 127.0.0.1 /a.txt/../closed/a.txt 403 "the normalized path is denied"
check 127.0.0.1 /%63losed/a.txt 403 "the decoded path is denied"
head_of /closed/a.txt
is "$STATUS" 403 "HEAD is denied"
get /closed/a.txt -H 'Range: bytes=0-9'
is "$STATUS" 403 "a range is denied"
get /staff/open/a.txt
is "$(header Cache-Control)" private "a response that only allowed addresses get is private"
get /docs/
is "$(header_count Cache-Control)" 0 "a response that all but denied addresses get is public"

check_config() { printf '%s\n' "$1" >"$DIR/bad.conf"; OUT=$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1); }
for value in 10.0.0.1/8 10.0.0.0/33 localhost 2001:db8::/129; do
	check_config "allow = {\"$value\"}"
	like "$OUT" "bad\.conf:1: allow: \"$value\"" "$value is rejected"
done
finish
