#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Health checks are answered on connections over max_connections_per_client and over max_connections.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'health = /healthz' 'max_connections_per_client = 4' 'max_connections = 6' 'location "/healthz" { deny = "127.0.0.66" }'
start_ranged
mkfifo "$DIR/hold"
crowd() { perl "$LIB/crowd.pl" "$1" "$ADDRESS" /a.bin "$2" <"$DIR/hold" >>"$DIR/crowd" & }
served() { [ "$(grep -c 200 "$DIR/crowd")" = "$1" ]; }
check() { # NAME CURL-OPTION...
	get /healthz "${@:2}"
	is "$STATUS $(cat "$BODY")" "200 ok" "$1"
}

exec 9<>"$DIR/hold"
crowd 4 127.0.0.1
ok "four connections of one client are served" await 10 served 4
get /a.bin
is "$STATUS" 503 "the fifth connection of the client is rejected"
check "a check over the limit of the client"
check "a second check"
head_of /healthz
is "$STATUS" 200 "HEAD over the limit"
get '/a.bin?/healthz'
is "$STATUS" 503 "other paths are rejected"
ask 'GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'
is "$STATUS" 503 "a malformed check is rejected"

crowd 2 127.0.0.2
ok "max_connections is reached" await 10 served 6
get /a.bin --interface 127.0.0.3
is "$STATUS" 503 "another client is rejected"
check "a check over max_connections" --interface 127.0.0.3
get /healthz --interface 127.0.0.66
is "$STATUS" 403 "a denied address"
exec 9>&-
finish
