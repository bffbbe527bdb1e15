#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# health: a path that answers health checks on each data listener, whatever the host is. No other rule applies to it.
. "$(dirname "$0")/../lib.sh"
. "$LIB/tls.sh"

make_certificate a a.example
make_file healthz 1000 health/a.bin 100 a.bin 100
printf 'anna:%s\n' "$(openssl passwd -6 secret)" >"$DIR/users"
make_keys "one $(printf '%064d' 7)"
LISTEN=
config "$(tls_pairs a)" "listen = {\"127.0.0.1:0\", \"tls:127.0.0.1:0\", \"unix:$DIR/sock\"}" 'health = /healthz' \
	"auth_file = $DIR/users" "sign_keys = $DIR/keys" 'https_redirect = true' 'hide = "healthz"' 'redirect = "/elsewhere"' \
	'requests_per_client = 1' 'header = {"Cache-Control: max-age=60", "X-Own: yes"}' 'expires = 1h' 'error_page = "5xx /a.bin"' \
	'site "s.example" { deny = "all" }'
start_ranged
TLS=https://$(sed -n 's/^tls://p' "$DIR/address")

healthy() { # NAME CURL-OPTION...
	get "${@:2}"
	is "$STATUS $(cat "$BODY") $(header Content-Type) $(header Cache-Control)" "200 ok text/plain; charset=utf-8 no-store" "$1"
}
healthy "a check" /healthz
is "$(header_count Retry-After) $(header_count X-Own) $(header_count Expires) $(header_count ETag)" "0 0 0 0" "the rules add no fields"
for _ in 1 2 3; do healthy "the limit of requests does not apply" /healthz; done
for host in x s.example 127.0.0.1 'a.example:99' '[::1]'; do healthy "with the host $host" /healthz -H "Host: $host"; done
healthy "over HTTP/1.0 without a host" /healthz -0 -H 'Host:'
healthy "with a query" '/healthz?now=1'
healthy "with an encoded byte" /%68ealthz
healthy "with dot segments" /x/../healthz --path-as-is
healthy "with a range" /healthz -H 'Range: bytes=0-0'
healthy "with a precondition" /healthz -H 'If-Match: "x"' -H 'If-None-Match: *'
URL=$TLS healthy "over TLS" /healthz -k
healthy "on a Unix socket" /healthz --unix-socket "$DIR/sock"
printf 'GET http://s.example/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire >"$DIR/reply"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "with an absolute target"

head_of /healthz
is "$STATUS $(header Content-Length) $(header Cache-Control)" "200 3 no-store" "HEAD"
get /healthz -X OPTIONS
is "$STATUS $(header Allow) $(header Cache-Control)" "204 GET, HEAD, OPTIONS no-store" "OPTIONS, as some load balancers check"
get /healthz -X POST
is "$STATUS" 405 "POST is not allowed"
printf 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n' | wire >"$DIR/reply"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 400 "HTTP/1.1 requires a host"
for path in /healthz/ /Healthz /healthz.txt /health/a.bin /x/healthz; do
	get "$path"
	isnt "$STATUS" 200 "$path is another path"
done
printf 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /healthz HTTP/1.1\r\nHost: y\r\n\r\nGET /healthz HTTP/1.1\r\nHost: z\r\nConnection: close\r\n\r\n' |
	wire >"$DIR/reply"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/" GET,HEAD,GET)" "200 200 200" "the connection is kept"

out=$("$RANGED" -c "$DIR/ranged.conf" --explain http://s.example/healthz "$ROOT" 2>/dev/null)
like "$out" 'health +the path is that of the key health.*status +200' "--explain names the key"

# Without the key, and after a reload with another path, the file is served.
config 'listen = "127.0.0.1:0"' 'health = /.alive/node-1'
reload_ranged
healthy "another path after a reload" /.alive/node-1
get /healthz
cmp_whole healthz "the file of the former path"
config 'listen = "127.0.0.1:0"'
reload_ranged
get /.alive/node-1
is "$STATUS" 404 "without the key there are no health checks"
finish
