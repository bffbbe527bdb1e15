#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# URLs that are signed for an address or a network, and for a rate.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 large.bin 20000000 slow/large.bin 20000000
make_keys 'one 0123456789abcdef'
config "sign_keys = \"$DIR/keys\"" 'trusted_proxies = "127.0.1.0/24"' 'location "/slow/" { rate = 200K }'
start_ranged --listen "[::1]:0" --listen "unix:$DIR/socket"
v6=http://$(sed -n 2p "$DIR/address")
while read -r address v4_status v6_status; do
	url=$(sign /x.bin --address "$address")
	get "$url"
	is "$STATUS" "$v4_status" "127.0.0.1 asks with the URL of $address"
	is "$(curl -sg -o /dev/null -w '%{http_code}' "$v6$url")" "$v6_status" "::1 asks with the URL of $address"
	get "$url" --unix-socket "$DIR/socket"
	is "$STATUS" 403 "a Unix socket's client is none of them"
done <<-END
	127.0.0.1 200 403
	127.0.0.0/8 200 403
	127.0.0.2 403 403
	192.0.2.0/24 403 403
	::1 403 200
	::/64 403 200
	::ffff:127.0.0.1 200 403
	2001:db8::/32 403 403
END
get "$(sign /x.bin --address 127.0.0.2)" --interface 127.0.0.2
is "$STATUS" 200 "127.0.0.2 asks with its own"
get "$(sign /x.bin)" --unix-socket "$DIR/socket"
is "$STATUS" 200 "and a Unix socket's client with one that is for all"
url=$(sign /x.bin --address 192.0.2.7)
get "$url" --interface 127.0.1.1 -H 'X-Forwarded-For: 192.0.2.7'
is "$STATUS" 200 "a proxy that is trusted says who asks"
get "$url" --interface 127.0.1.1 -H 'X-Forwarded-For: 192.0.2.8'
is "$STATUS" 403 "and who does not"
get "$url" -H 'X-Forwarded-For: 192.0.2.7'
is "$STATUS" 403 "others are not believed"

fetch() { # NAME PATH: for 4 s
	curl -sS --max-time 4 -o /dev/null -w '%{size_download}\n' "$URL$2" >"$DIR/$1" 2>/dev/null &
	FETCHES+=($!)
}
FETCHES=()
fetch limited "$(sign /large.bin --rate 400K)"
fetch less "$(sign /slow/large.bin --rate 400K)"
fetch least "$(sign /slow/large.bin --rate 100K)"
fetch any "$(sign /large.bin)"
wait "${FETCHES[@]}"
near() { # GOT RATE NAME
	at_least "$1" $(($2 * 4 * 70 / 100)) "$3"
	at_most "$1" $(($2 * 4 * 110 / 100)) "$3"
}
near "$(cat "$DIR/limited")" 409600 "a rate that was signed"
near "$(cat "$DIR/less")" 204800 "less, where the block says so"
near "$(cat "$DIR/least")" 102400 "or where the signature does"
is "$(cat "$DIR/any")" 20000000 "another URL of the same file is not limited"
get "$(sign /x.bin --rate 100K)"
get "$(sign /x.bin)"
cmp_whole x.bin
finish
