#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# With "satisfy = any", an allowed address or a password is sufficient. With "all", both are required.
. "$(dirname "$0")/../lib.sh"
need_cmd openssl

make_text any/x any
make_text all/x all
make_text neutral/x neutral
make_text plain/x plain
printf 'anna:%s\n' "$(openssl passwd -6 secret)" >"$DIR/users"
config 'trusted_proxies = {"127.0.0.0/8"}' 'health = /health' \
	"location \"/any/\" { satisfy = any auth_file = $DIR/users allow = {\"10.0.0.0/8\"} }" \
	"location \"/all/\" { auth_file = $DIR/users allow = {\"10.0.0.0/8\"} }" \
	"location \"/neutral/\" { satisfy = any auth_file = $DIR/users deny = {\"192.0.2.0/24\"} }" \
	'location "/plain/" { satisfy = any allow = {"10.0.0.0/8"} }' \
	"location \"/any/strict/\" { satisfy = all }" \
	"location \"/health\" { satisfy = any auth_file = $DIR/users allow = {\"10.0.0.0/8\"} }"
start_ranged
from() { # ADDRESS PATH [OPTION...]
	get "$2" -H "X-Forwarded-For: $1" "${@:3}"
	echo "$STATUS"
}
is "$(from 10.1.2.3 /any/x)" 200 "any: an allowed address needs no password"
is "$(from 192.0.2.1 /any/x)" 401 "any: another address is asked for a password"
like "$(header WWW-Authenticate)" "^Basic realm=" "any: the response has a challenge"
is "$(from 192.0.2.1 /any/x -u anna:secret)" 200 "any: the password is sufficient"
is "$(from 192.0.2.1 /any/x -u anna:wrong)" 401 "any: a wrong password is rejected"
is "$(from 10.1.2.3 /any/x -u anna:wrong)" 200 "any: the password of an allowed address is not checked"
like "$(header Cache-Control)" private "any: shared caches must not store the response"
is "$(from 10.1.2.3 /all/x)" 401 "all: an allowed address needs a password"
is "$(from 192.0.2.1 /all/x -u anna:secret)" 403 "all: another address is rejected"
is "$(from 10.1.2.3 /all/x -u anna:secret)" 200 "all: address and password"
is "$(from 198.51.100.1 /neutral/x)" 401 "any: an address that is only not denied needs a password"
is "$(from 192.0.2.1 /neutral/x -u anna:secret)" 200 "any: a denied address may send a password"
is "$(from 192.0.2.1 /plain/x)" 403 "any without auth_file: the address decides"
is "$(from 10.1.2.3 /any/strict/x)" 401 "an inner block may require both again"
is "$(from 192.0.2.1 /health)" 403 "a health check is answered to allowed addresses only"
explain() { "$RANGED" --explain "$1" -H 'X-Forwarded-For: 10.1.2.3' -c "$DIR/ranged.conf" "$ROOT"; }
like "$(explain /any/x)" '10.1.2.3 is allowed.*the client does not need a password' "--explain shows that no password is needed"
like "$(explain /neutral/x)" 'the client needs a password' "--explain shows that a password is needed"
like "$("$RANGED" --explain /any/x -c "$DIR/ranged.conf" "$ROOT")" 'location "/any/":.* satisfy' "--explain shows the setting"
finish
