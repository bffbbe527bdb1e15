#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor listener: /metrics, /healthz and /readyz for clients in monitor_allow, for any host, and nothing else. It
# shows neither names of served files nor addresses of clients.
. "$(dirname "$0")/../lib.sh"

make_file secret-name.bin 100000 a.bin 3000000
config "monitor = {\"127.0.0.1:0\", \"localhost:0\", \"unix:$DIR/monitor\"}" 'monitor_allow = {"127.0.0.1", "127.0.0.3", "::1", "unix:"}' \
	"admin = \"unix:$DIR/admin\"" 'drain_delay = 50s' 'site "secret.example" { listing = true }'
control_clock
start_ranged
for i in 1 2 3; do get /secret-name.bin --interface 127.0.0.9 -H 'Host: secret.example' -A secret-agent; done
monitors() { sed -n "s/.*monitor listener on //p" "$DIR/error.log"; }
DATA=$URL
use_monitor() { URL=http://$1 MONITOR=$1; }
use_monitor "$(monitors | head -n 1)"

answers() { # NAME CURL-OPTION...
	get /readyz "${@:2}"
	is "$STATUS $(cat "$BODY") $(header Cache-Control)" "200 serving no-store" "$1"
}
answers "/readyz"
answers "any host" -H 'Host: node-1.example:9181'
answers "HTTP/1.0 without a host" -0 -H 'Host:'
answers "a query" -G -d x=y
URL=http://x answers "a Unix socket" --unix-socket "$DIR/monitor"
is "$(stat -c %a "$DIR/monitor")" 666 "the permissions of the directory control access to the socket"
while read -r address; do
	case $address in unix:*) ;; *) URL=http://$address answers "the address $address" ;; esac
done < <(monitors)
get /healthz
is "$STATUS $(cat "$BODY")" "200 ok" "/healthz"
head_of /metrics
like "$STATUS $(header Content-Type) $(header Content-Length)" '^200 text/plain; version=0\.0\.4; charset=utf-8 [0-9]{4,}$' "HEAD"
get /metrics -H 'Accept: application/openmetrics-text'
like "$(header Content-Type) $(tail -n 1 "$BODY")" '^application/openmetrics-text.* # EOF$' "OpenMetrics"
get /metrics
cp "$BODY" "$DIR/metrics"
like "$(grep '^ranged_requests_total{method="GET",status="200"}' "$DIR/metrics")" ' 3$' "/metrics counts the requests"
is "$(curl -sS --unix-socket "$DIR/admin" http://localhost/metrics | grep -v '^#' | sed 's/[ {].*//' | sort -u)" \
	"$(grep -v '^#' "$DIR/metrics" | sed 's/[ {].*//' | sort -u)" "the metrics are those of the admin listener"
not_ok "no name of a file, site, agent or client" grep -E 'secret|127\.0\.0|::1|\.bin' "$DIR/metrics"
# Labels have values from fixed sets, numbers, versions, and paths of the configuration.
is "$(grep -v '^#' "$DIR/metrics" | grep -oE '[a-z_]+="[^"]*"' | grep -vE '^(method|status|source|result|reason|state|class|mode|call|kind|sender|cause)="[a-z_0-9A-Z]*"$' |
	grep -vE '^(le|worker|device|version|library)="[-+.0-9:a-zInf]*"$' | grep -vE '^(log|root)="/' | sort -u)" "" "no label has another value"

for path in / /status /cache/hot /cache/warm /cache/evict /secret-name.bin /metrics/ /healthz/x; do
	get "$path"
	is "$STATUS" 404 "$path does not exist"
done
for path in /cache/warm /cache/evict /metrics /readyz; do
	get "$path" -X POST -d x=y
	like "$STATUS" '^40[45]$' "POST $path is rejected"
done
is "$(header Allow)" "GET, HEAD" "Allow names the methods"
ADDRESS=$MONITOR ask 'GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n'
is "$STATUS" 400 "HTTP/1.1 requires a host"

get /metrics --interface 127.0.0.2
is "$STATUS $(cat "$BODY")" "403 this address is not allowed" "an address that is not in monitor_allow"
ok "the rejection is logged" await 5 grep -q 'monitor: rejected a connection from 127.0.0.2, which is not in monitor_allow' "$DIR/error.log"
get /metrics --interface 127.0.0.3
is "$STATUS" 200 "another address of monitor_allow"

# A reload changes the networks, but not the addresses.
config 'monitor = "127.0.0.1:0"' 'monitor_allow = "127.0.0.2"' 'drain_delay = 50s'
reload_ranged
ok "the change of the addresses is logged" grep -q 'monitor: changed; takes effect after a restart' "$DIR/error.log"
get /readyz --interface 127.0.0.2
is "$STATUS" 200 "the new network is allowed"
get /readyz --interface 127.0.0.3
is "$STATUS" 403 "the former network is not allowed"
config "monitor = {\"127.0.0.1:0\", \"localhost:0\", \"unix:$DIR/monitor\"}" 'drain_delay = 50s'
reload_ranged
get /readyz --interface 127.0.0.77
is "$STATUS" 200 "without monitor_allow this host is allowed"

# Few connections are served at the same time. Other clients are not affected.
mkfifo "$DIR/hold"
perl "$LIB/crowd.pl" 24 "$MONITOR" /readyz <"$DIR/hold" >"$DIR/crowd" &
exec 9>"$DIR/hold"
full() { [ "$(grep -c 200 "$DIR/crowd")" = 24 ]; }
ok "24 connections are served" await 10 full
get /readyz
is "$STATUS $(header Retry-After)" "503 1" "the next connection is rejected"
URL=$DATA get /a.bin
cmp_whole a.bin "files are served"
exec 9>&-
free() { get /readyz; [ "$STATUS" = 200 ]; }
ok "connections are accepted again" await 5 free

kill -TERM "$PID"
draining() { get /readyz; [ "$STATUS" = 503 ]; }
ok "/readyz reports 503 during drain_delay" await 5 draining
get /metrics
is "$(grep '^ranged_ready' "$BODY")" "ranged_ready 0" "ranged_ready is 0"
advance 51
end_ranged
is $? 0 "ranged exits with status 0"
not_ok "the socket is removed" test -e "$DIR/monitor"
finish
