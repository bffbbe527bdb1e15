#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# allow and deny apply to IPv6 clients, to IPv4 clients of an IPv6 socket, and to clients of Unix sockets.
. "$(dirname "$0")/../lib.sh"

perl -MSocket=:DEFAULT,inet_pton -e 'socket S, PF_INET6, SOCK_STREAM, 0 or exit 1; bind S, pack_sockaddr_in6(0, inet_pton(AF_INET6, "::1")) or exit 1' ||
	skip_all "there is no IPv6 on this machine"
make_file six/a 100 four/a 100 local/a 100 all6/a 100
config 'location "/six/" { allow = {"::1"} }' 'location "/four/" { allow = {"127.0.0.0/8"} }' 'location "/local/" { allow = {"unix:"} }' \
	'location "/all6/" { allow = {"::/0"} }'
LISTEN=
start_ranged --listen :0 --listen "unix:$DIR/socket"
port=${ADDRESS##*:}

check() { # NAME PATH STATUS CURL-OPTION...
	get "$2" "${@:4}"
	is "$STATUS" "$3" "$2 by $1"
}
six() { use_address "[::1]:$port"; check IPv6 "$@"; }
four() { use_address "127.0.0.1:$port"; check IPv4 "$@"; }
unix() { URL=http://x; check "a Unix socket" "$@" --unix-socket "$DIR/socket"; }
six /six/a 200
six /four/a 403
six /local/a 403
six /all6/a 200
four /six/a 403
four /four/a 200
four /local/a 403
four /all6/a 403
unix /six/a 403
unix /four/a 403
unix /local/a 200
unix /all6/a 403
finish
