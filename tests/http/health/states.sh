#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Health checks report 503 while ranged drains and while no root is available. The access log has a check only if its
# result differs from that of the check before.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 3000000
mv "$ROOT" "$DIR/srv"
touch "$DIR/srv/.mounted"
ROOT=
LISTEN=
config "root = $DIR/srv" 'listen = "127.0.0.1:0"' 'health = /healthz' 'require = "/.mounted"' 'drain_delay = 50s' 'error_page = "503 /a.bin"' \
	'cors = "*"' 'site "s.example" { listing = true }'
control_clock
start_ranged
health_is() { # STATUS TEXT
	get /healthz
	[ "$STATUS $(cat "$BODY")" = "$1 $2" ]
}
lines() { grep -c "$1" "$DIR/access.log"; }
logged() { [ "$(lines "$1")" = "$2" ]; }

for _ in 1 2 3; do
	ok "checks report 200" health_is 200 ok
	get /healthz -X OPTIONS
	head_of /healthz
done
mv "$DIR/srv" "$DIR/away"
advance 1
ok "checks report 503 while no root is available" await 5 health_is 503 "storage is not ready"
is "$(header Retry-After) $(header Cache-Control) $(header Content-Type)" "1 no-store text/plain; charset=utf-8" "the fields of the 503"
head_of /healthz
is "$STATUS $(header Content-Length)" "503 21" "HEAD reports 503"
get /healthz -X OPTIONS
is "$STATUS" 503 "OPTIONS reports 503"
mv "$DIR/away" "$DIR/srv"
advance 1
ok "checks report 200 when the root is available again" await 5 health_is 200 ok
not_ok "the path of the root is not in the answers" grep -q srv "$BODY"

rm "$DIR/srv/.mounted"
advance 1
ok "checks report 503 while a required file is missing" await 5 health_is 503 "storage is not ready"
not_ok "the name of the file is not in the answers" grep -q mounted "$BODY"
touch "$DIR/srv/.mounted"
advance 1
ok "checks report 200 when the required file exists again" await 5 health_is 200 ok

# A transfer keeps the process draining. Its connection is asked again, and so is another one that was open before.
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' |
	wire -t "$(seconds 60)" -b 65536 -f 100000 -p "$DIR/long" >"$DIR/reply" &
long=$!
await 10 test -e "$DIR/long.reached"
kill -TERM "$PID"
ok "checks report 503 during drain_delay" await 5 health_is 503 draining
advance 51
ok "ranged drains" await 5 grep -q 'draining [0-9]* connections* within' "$DIR/error.log"
touch "$DIR/long.go"
wait $long
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/" | cut -c 1-3)" 200 "the transfer is completed"
end_ranged
is $? 0 "the exit status is 0"
ok "each change of the status is logged once" logged 'GET /healthz HTTP/1.1" 200' 3
ok "each 503 after a 200 is logged once" logged 'GET /healthz HTTP/1.1" 503' 3
is "$(lines healthz)" 6 "no other check is logged"
finish
