#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# /readyz reports 200 while ranged serves, and 503 while it drains. /healthz reports 200 in both states.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 60000000
start_with_admin --drain-timeout 20s
ask_admin /readyz
is "$STATUS $(cat "$BODY")" "200 serving" "/readyz reports 200"
ask_admin /healthz
is "$STATUS $(cat "$BODY")" "200 ok" "/healthz reports 200"

curl -sS --limit-rate 10M -o "$DIR/out" -D "$DIR/out.head" "$URL/a.bin" &
transfer=$!
await 5 test -s "$DIR/out.head"
kill -TERM "$PID"
draining() { ask_admin /readyz; [ "$STATUS" = 503 ]; }
ok "/readyz reports 503 while ranged drains" await 5 draining
is "$(cat "$BODY")" draining "/readyz names the reason"
ask_admin /healthz
is "$STATUS" 200 "/healthz reports 200 while ranged drains"
take_numbers
is "$(metric ranged_ready) $(status_value state) $(status_value ready)" "0 draining 0" \
	"the metrics and /status have the same state"
wait $transfer
is $? 0 "a transfer is completed"
end_ranged
is $? 0 "ranged exits with status 0"
cmp_whole a.bin "the transfer is complete" "$DIR/out"
not_ok "the admin socket is removed" test -e "$DIR/admin.sock"
ask_admin /readyz
is "$STATUS" 000 "the admin port is closed"

# Mapping a large cache takes some time, in which nothing is served. On a fast machine the test may miss this time.
launch_ranged --admin "unix:$DIR/admin.sock" --cache-size 512M
await 20 test -S "$DIR/admin.sock"
ask_socket /readyz
like "$STATUS $(cat "$BODY")" '^(503 starting|200 serving)$' "the admin listener answers while ranged starts"
await 20 listening_or_dead
use_address "$(head -n 1 "$DIR/address")"
serving() { ask_socket /readyz; [ "$STATUS" = 200 ]; }
ok "/readyz reports 200 then" await 20 serving
finish
