#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# --explain says who may come in, and whether a password that it is given is the right one.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file a.txt 10 p/a.txt 10 q/a.txt 10
htpasswd -bcB -C 5 "$DIR/users" alice right 2>/dev/null
config 'trusted_proxies = {"127.0.0.1"}' "location \"/p/\" { auth_file = \"$DIR/users\" }" 'location "/q/" { allow = {"192.0.2.1"} }'
explain() { # URL [FIELD]: its output into $OUT
	OUT=$("$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain "$1" ${2:+-H "$2"} 2>&1 </dev/null)
}
says() { like "$OUT" "$1" "$2"; }
explain /p/a.txt
says 'password +none was given' "no password"
says 'status +401' "is 401"
explain /p/a.txt "Authorization: Basic $(printf 'alice:right' | base64)"
says 'password +of "alice", right' "the right one"
says 'status +200' "is 200"
explain /p/a.txt "Authorization: Basic $(printf 'alice:wrong' | base64)"
says 'password +of "alice", wrong' "a wrong one"
says 'status +401' "is 401"
explain /q/a.txt
says 'address +127\.0\.0\.1 may not come in' "an address"
says 'status +403' "is 403"
explain /q/a.txt 'X-Forwarded-For: 192.0.2.1'
says 'address +192\.0\.2\.1 may come in' "by a proxy that is trusted"
explain /a.txt
not_ok "where nothing is asked for, nothing is said of it" grep -E '^(address|password)' <<<"$OUT"
finish
