#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Signed URLs that are bound to an address or a network, or that carry a rate.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 large.bin 3000000 slow/large.bin 3000000
make_keys 'one 0123456789abcdef'
config "sign_keys = \"$DIR/keys\"" 'trusted_proxies = "127.0.1.0/24"' 'location "/slow/" { rate = 200K }'
control_clock
start_ranged --listen "[::1]:0" --listen "unix:$DIR/socket"
v6=http://$(sed -n 2p "$DIR/address")
while read -r address v4_status v6_status; do
	url=$(sign /x.bin --address "$address")
	get "$url"
	is "$STATUS" "$v4_status" "127.0.0.1 uses the URL of $address"
	is "$(curl -sg -o /dev/null -w '%{http_code}' "$v6$url")" "$v6_status" "::1 uses the URL of $address"
	get "$url" --unix-socket "$DIR/socket"
	is "$STATUS" 403 "a client of a Unix socket is rejected"
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
is "$STATUS" 200 "127.0.0.2 uses its own URL"
get "$(sign /x.bin)" --unix-socket "$DIR/socket"
is "$STATUS" 200 "a client of a Unix socket uses a URL without an address"
url=$(sign /x.bin --address 192.0.2.7)
get "$url" --interface 127.0.1.1 -H 'X-Forwarded-For: 192.0.2.7'
is "$STATUS" 200 "the client that a trusted proxy names is accepted"
get "$url" --interface 127.0.1.1 -H 'X-Forwarded-For: 192.0.2.8'
is "$STATUS" 403 "another client of the proxy is rejected"
get "$url" -H 'X-Forwarded-For: 192.0.2.7'
is "$STATUS" 403 "the field of a client without a proxy is ignored"

get "$(sign /large.bin)"
cmp_whole large.bin "another URL of the same file is not limited"
hold_clock
download_for 5 <<-END
	limited 409600 1 127.0.0.1 $(sign /large.bin --rate 400K)
	less 204800 1 127.0.0.1 $(sign /slow/large.bin --rate 400K)
	least 102400 1 127.0.0.1 $(sign /slow/large.bin --rate 100K)
END
release_clock
near() { is_rate "$(bytes_of "$1")" "$2" 80 110 "$3"; } # GROUP RATE NAME
near limited 409600 "a signed rate"
near less 204800 "a signed rate above the configured one"
near least 102400 "a signed rate below the configured one"
get "$(sign /x.bin --rate 100K)"
get "$(sign /x.bin)"
cmp_whole x.bin
finish
