#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The admin listener is for this host, under its own names, and changes nothing for who comes by TCP.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100
start_with_admin --admin '[::1]:0'
six=$(sed -n 's/.*admin listener on \(\[::1\]:[0-9]*\)$/\1/p' "$DIR/error.log")

ask_admin /nope
is "$STATUS $(header Content-Type)" "404 text/plain; charset=utf-8" "an unknown path"
ask_admin /metrics/
is "$STATUS" 404 "paths are meant exactly"
ask_admin /a.bin
is "$STATUS" 404 "no file is served there"
ask_admin /metrics -X POST -d ''
is "$STATUS $(header Allow)" "405 GET, HEAD" "POST to what is read"
ask_socket /metrics -X POST -d ''
is "$STATUS" 405 "on the Unix socket, too"
ask_admin /metrics -X DELETE
is "$STATUS" 405 "another method"
ask_admin /metrics --head
is "$STATUS" 200 "HEAD"
is "$(size_of "$BODY")" "$(size_of "$HEAD")" "is a GET without its body"

for host in evil.example localhost.evil.example 192.0.2.1 0.0.0.0 '[2001:db8::1]' 127.0.0.1.evil.example localhost:x ''; do
	ask_admin /metrics -H "Host: $host"
	like "$STATUS" '^(403|400|000)$' "the host \"$host\" is none of ours"
done
for host in localhost LOCALHOST:99 127.0.0.1 127.9.9.9:1 '[::1]' '[::1]:99'; do
	ask_admin /healthz -H "Host: $host"
	is "$STATUS" 200 "the host $host is"
done
is "$(curl -sS -g "http://$six/healthz")" ok "by IPv6"
ask_socket /healthz -H 'Host: anything.example'
is "$STATUS" 200 "a Unix socket has no such name"
printf 'GET /healthz HTTP/1.1\r\n\r\n' | perl "$LIB/wire.pl" "$ADMIN" >"$DIR/reply"
like "$(head -n 1 "$DIR/reply")" ' 400 ' "no host at all"
ask_admin '/healthz?a=%00b'
is "$STATUS" 400 "a NUL in an argument"
ask_admin "/healthz?$(seq -s '&' 1 20)"
is "$STATUS" 400 "too many of them"
ask_admin /status -H "X: $(printf '%020000d' 0)"
isnt "$STATUS" 200 "a head that is too long"
ask_admin /healthz
is "$STATUS" 200 "none of that did it any harm"
stop_ranged

for address in 0.0.0.0:9090 :9090 '[::]:9090' 192.0.2.1:9090 example.org:9090 tls:127.0.0.1:9090 127.0.0.1 unix:relative localhost.example.org:80; do
	config "root = \"$ROOT\"" "admin = {\"127.0.0.1:0\"," "  \"$address\"}"
	message=$("$RANGED" --config "$DIR/ranged.conf" --check 2>&1)
	is $? 78 "$address is refused"
	like "$message" "ranged.conf:3: admin: \"" "$address: with its line"
done
"$RANGED" --admin 0.0.0.0:1 --check "$ROOT" 2>/dev/null
is $? 64 "on the command line, too"
finish
