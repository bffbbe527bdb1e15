#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --explain shows whether the address is allowed and whether the given password is right.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file a.txt 10 p/a.txt 10 q/a.txt 10
htpasswd -bcB -C 5 "$DIR/users" alice right 2>/dev/null
config 'trusted_proxies = {"127.0.0.1"}' "location \"/p/\" { auth_file = \"$DIR/users\" }" 'location "/q/" { allow = {"192.0.2.1"} }'
explain() { # URL [FIELD]: stores the output in $OUT
	OUT=$("$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain "$1" ${2:+-H "$2"} 2>&1 </dev/null)
}
says() { like "$OUT" "$1" "$2"; }
explain /p/a.txt
says 'password +the request has no password' "without a password: the reason"
says 'status +401' "without a password: the status"
explain /p/a.txt "Authorization: Basic $(printf 'alice:right' | base64)"
says 'password +the password of user "alice" is correct' "the right password: the result"
says 'status +200' "the right password: the status"
explain /p/a.txt "Authorization: Basic $(printf 'alice:wrong' | base64)"
says 'password +the password of user "alice" is wrong' "a wrong password: the result"
says 'status +401' "a wrong password: the status"
explain /q/a.txt
says 'address +127\.0\.0\.1 is denied' "an address that is not allowed: the reason"
says 'status +403' "an address that is not allowed: the status"
explain /q/a.txt 'X-Forwarded-For: 192.0.2.1'
says 'address +192\.0\.2\.1 is allowed' "an allowed address that a trusted proxy reports"
explain /a.txt
not_ok "a path without access control has no such lines" grep -E '^(address|password)' <<<"$OUT"
finish
