#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# IPv6 addresses, and both families on one port.
. "$(dirname "$0")/../lib.sh"

perl -MSocket=:DEFAULT,inet_pton -e 'socket S, PF_INET6, SOCK_STREAM, 0 or exit 1; bind S, pack_sockaddr_in6(0, inet_pton(AF_INET6, "::1")) or exit 1' ||
	skip_all "there is no IPv6 on this machine"
make_file a.bin 10007
LISTEN='[::1]:0'
start_ranged

like "$ADDRESS" '^\[::1\]:[1-9][0-9]*$' "the address file has the IPv6 address"
get /a.bin
is "$STATUS" 200 "a request is served"
cmp_whole a.bin
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=5-9\r\nConnection: close\r\n\r\n'
is "$STATUS" 206 "a range is served"
stop_ranged
like "$(head -n 1 "$DIR/access.log")" '^::1 - - ' "the access log has the IPv6 address"

LISTEN=:0
start_ranged
port=${ADDRESS##*:}
for address in "127.0.0.1:$port" "[::1]:$port"; do
	use_address "$address"
	get /a.bin
	is "$STATUS" 200 "$address is served"
done
stop_ranged
like "$(tail -n 2 "$DIR/access.log" | head -n 1)" '^(::ffff:)?127\.0\.0\.1 - - ' \
	"the access log has the address of an IPv4 client"
finish
