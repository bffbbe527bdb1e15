#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The admin listener answers only requests for its own names, and TCP clients cannot change anything.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100
start_with_admin --admin '[::1]:0'
six=$(sed -n 's/.*admin listener on \(\[::1\]:[0-9]*\)$/\1/p' "$DIR/error.log")

ask_admin /nope
is "$STATUS $(header Content-Type)" "404 text/plain; charset=utf-8" "an unknown path is 404"
ask_admin /metrics/
is "$STATUS" 404 "paths are case-sensitive and exact"
ask_admin /a.bin
is "$STATUS" 404 "files are not served"
ask_admin /metrics -X POST -d ''
is "$STATUS $(header Allow)" "405 GET, HEAD" "POST to a read-only path is 405"
ask_socket /metrics -X POST -d ''
is "$STATUS" 405 "POST on the Unix socket is 405"
ask_admin /metrics -X DELETE
is "$STATUS" 405 "another method is 405"
ask_admin /metrics --head
is "$STATUS" 200 "HEAD is answered"
is "$(size_of "$BODY")" "$(size_of "$HEAD")" "HEAD has no body"

for host in evil.example localhost.evil.example 192.0.2.1 0.0.0.0 '[2001:db8::1]' 127.0.0.1.evil.example localhost:x ''; do
	ask_admin /metrics -H "Host: $host"
	like "$STATUS" '^(403|400|000)$' "the host \"$host\" is rejected"
done
for host in localhost LOCALHOST:99 127.0.0.1 127.9.9.9:1 '[::1]' '[::1]:99'; do
	ask_admin /healthz -H "Host: $host"
	is "$STATUS" 200 "the host $host is accepted"
done
is "$(curl -sS -g "http://$six/healthz")" ok "an IPv6 client is served"
ask_socket /healthz -H 'Host: anything.example'
is "$STATUS" 200 "a client of the Unix socket needs no host name"
printf 'GET /healthz HTTP/1.1\r\n\r\n' | perl "$LIB/wire.pl" "$ADMIN" >"$DIR/reply"
like "$(head -n 1 "$DIR/reply")" ' 400 ' "a request without a host is 400"
ask_admin '/healthz?a=%00b'
is "$STATUS" 400 "a NUL in an argument is 400"
ask_admin "/healthz?$(seq -s '&' 1 20)"
is "$STATUS" 400 "too many arguments are 400"
ask_admin /status -H "X: $(printf '%020000d' 0)"
isnt "$STATUS" 200 "a header that is too long is rejected"
ask_admin /healthz
is "$STATUS" 200 "the admin listener still answers"
stop_ranged

for address in 0.0.0.0:9090 :9090 '[::]:9090' 192.0.2.1:9090 example.org:9090 tls:127.0.0.1:9090 127.0.0.1 unix:relative localhost.example.org:80; do
	config "root = \"$ROOT\"" "admin = {\"127.0.0.1:0\"," "  \"$address\"}"
	message=$("$RANGED" --config "$DIR/ranged.conf" --check 2>&1)
	is $? 78 "$address is rejected"
	like "$message" "ranged.conf:3: admin: \"" "the message about $address names the line"
done
"$RANGED" --admin 0.0.0.0:1 --check "$ROOT" 2>/dev/null
is $? 64 "the command line is checked, too"
finish
