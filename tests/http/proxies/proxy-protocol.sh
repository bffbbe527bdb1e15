#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# proxy_protocol: from the addresses it lists a PROXY header comes first, whole or in pieces, and says whose connection it is; without
# one a connection is closed. From other addresses it is no HTTP.
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
	is "$STATUS" 200 "$header"
	cmp_whole p/a.bin "$header: what follows is the request" "$DIR/1.body"
	ask "${!header}$request" -i 127.0.1.1 -c 1 -d 0.001
	is "$STATUS" 200 "$header, byte by byte"
done
ask "PROXY TCP4 198.51.100.1 198.51.100.2 12345 80\r\n$request" -i 127.0.1.1
is "$STATUS" 403 "somebody else"
ask "PROXY UNKNOWN\r\n$request" -i 127.0.1.1
is "$STATUS" 403 "the proxy itself"
ask "$v2_local$request" -i 127.0.1.1
is "$STATUS" 403 "the proxy itself, by LOCAL"
ask "${v1}GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /p/a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" -i 127.0.1.1
is "$STATUSES" "200 200" "the whole connection is the client's"

closed() { # NAME BYTES
	# shellcheck disable=SC2059
	printf "$2" | wire -i 127.0.1.1 >"$DIR/reply"
	is "$(size_of "$DIR/reply")" 0 "$1: closed without a word"
}
closed "no header" "$request"
closed "two headers in one" 'PROXY TCP4 192.0.2.1 198.51.100.2 12345 80 PROXY\r\n'
closed "a line feed alone" 'PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\n'
closed "version 3" '\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x30\x39\0\x50'
while sleep 0.1; do advance 20; done & ticks=$!
closed "half of one" 'PROXY TCP4 192.0.2.1'
kill $ticks
ok "which is said" grep -q 'connection from 127\.0\.1\.1 closed: .*PROXY header' "$DIR/error.log"
at_most "$(grep -c 'connection from 127\.0\.1\.1 closed' "$DIR/error.log")" 5 "but not each time"

ask "${v1}$request" -i 127.0.0.1
# libmicrohttpd 1.0 closes after a line that does not end with a version of HTTP; 0.9 passes it on.
if since_mhd_1; then status=; else status=400; fi
is "$STATUS" "$status" "from another address it is no request"
get /a.bin
is "$STATUS" 200 "which needs none"
ask 'PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\nGET /p/a.bin HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.9\r\nConnection: close\r\n\r\n' -i 127.0.1.1
is "$STATUS" 200 "such a proxy's X-Forwarded-For is not believed for that"
stop_ranged
ok "the log says who it was" grep -q '^192\.0\.2\.1 - - ' "$DIR/access.log"
ok "also by IPv6" grep -q '^2001:db8::1 - - ' "$DIR/access.log"
finish
