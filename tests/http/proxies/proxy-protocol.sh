#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# proxy_protocol: a connection from a listed address begins with a PROXY header, whole or in segments, which names the
# client. A connection without the header is closed. On connections from other addresses the header is not valid.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007 p/a.bin 100
config 'proxy_protocol = {"127.0.1.0/24"}' 'header_timeout = 60s' 'location "/p/" { allow = {"192.0.2.0/24", "2001:db8::/32"} }'
control_clock
start_ranged

request='GET /p/a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
# shellcheck disable=SC2034
{
v1='PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n'
v1_6='PROXY TCP6 2001:db8::1 2001:db8::2 12345 80\r\n'
v2='\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x30\x39\0\x50'
v2_tlv='\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x17\xc0\0\2\1\xc6\x33\x64\2\x30\x39\0\x50\x03\0\4abcd\x04\0\1x'
v2_local='\r\n\r\n\0\r\nQUIT\n\x20\0\0\0'
}

for header in v1 v1_6 v2 v2_tlv; do
	ask "${!header}$request" -i 127.0.1.1
	is "$STATUS" 200 "$header: the request is served"
	cmp_whole p/a.bin "$header: the rest of the connection is the request" "$DIR/1.body"
	ask "${!header}$request" -i 127.0.1.1 -c 1 -d 0.001
	is "$STATUS" 200 "$header, byte by byte: the request is served"
done
ask "PROXY TCP4 198.51.100.1 198.51.100.2 12345 80\r\n$request" -i 127.0.1.1
is "$STATUS" 403 "another client is not allowed"
ask "PROXY UNKNOWN\r\n$request" -i 127.0.1.1
is "$STATUS" 403 "UNKNOWN: the client is the proxy itself"
ask "$v2_local$request" -i 127.0.1.1
is "$STATUS" 403 "LOCAL: the client is the proxy itself"
ask "${v1}GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /p/a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" -i 127.0.1.1
is "$STATUSES" "200 200" "the header applies to all requests of the connection"

closed() { # NAME BYTES
	# shellcheck disable=SC2059
	printf "$2" | wire -i 127.0.1.1 >"$DIR/reply"
	is "$(size_of "$DIR/reply")" 0 "$1: the connection is closed without a response"
}
closed "no header" "$request"
closed "two headers in one line" 'PROXY TCP4 192.0.2.1 198.51.100.2 12345 80 PROXY\r\n'
closed "a bare line feed" 'PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\n'
closed "version 3" '\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x30\x39\0\x50'
while sleep 0.1; do advance 20; done & ticks=$!
closed "an incomplete header" 'PROXY TCP4 192.0.2.1'
kill $ticks
ok "a connection without a valid header is logged" await 10 grep -q 'connection from 127\.0\.1\.1 closed: .*PROXY header' "$DIR/error.log"
at_most "$(grep -c 'connection from 127\.0\.1\.1 closed' "$DIR/error.log")" 5 "the number of log lines is limited"

ask "${v1}$request" -i 127.0.0.1
# libmicrohttpd 1.0 closes a connection after a line that does not end with a version of HTTP; 0.9 reports the line.
if since_mhd_1; then status=; else status=400; fi
is "$STATUS" "$status" "a header from another address is rejected"
get /a.bin
is "$STATUS" 200 "another address needs no header"
ask 'PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\nGET /p/a.bin HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.9\r\nConnection: close\r\n\r\n' -i 127.0.1.1
is "$STATUS" 200 "X-Forwarded-For of such a proxy is ignored"
stop_ranged
ok "the access log has the address of the client" grep -q '^192\.0\.2\.1 - - ' "$DIR/access.log"
ok "the access log has the IPv6 address of the client" grep -q '^2001:db8::1 - - ' "$DIR/access.log"
finish
