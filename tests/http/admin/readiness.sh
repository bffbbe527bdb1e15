#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# /readyz says 200 while it serves, and 503 while it drains; /healthz says 200 all the time.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 60000000
start_with_admin --drain-timeout 20s
ask_admin /readyz
is "$STATUS $(cat "$BODY")" "200 serving" "ready"
ask_admin /healthz
is "$STATUS $(cat "$BODY")" "200 ok" "healthy"

curl -sS --limit-rate 10M -o "$DIR/out" -D "$DIR/out.head" "$URL/a.bin" &
transfer=$!
await 5 test -s "$DIR/out.head"
kill -TERM "$PID"
draining() { ask_admin /readyz; [ "$STATUS" = 503 ]; }
ok "it drains" await 5 draining
is "$(cat "$BODY")" draining "and says so"
ask_admin /healthz
is "$STATUS" 200 "which is no fault"
take_numbers
is "$(metric ranged_ready) $(status_value state) $(status_value ready)" "0 draining 0" "the same in numbers"
wait $transfer
is $? 0 "what was under way ends"
end_ranged
is $? 0 "and so does ranged"
cmp_whole a.bin "all of it" "$DIR/out"
not_ok "the admin socket is gone" test -e "$DIR/admin.sock"
ask_admin /readyz
is "$STATUS" 000 "nobody listens there"

# A cache that takes its time to be mapped: until then nothing is served. How long depends on the machine, so it may be missed.
launch_ranged --admin "unix:$DIR/admin.sock" --cache-size 512M
await 20 test -S "$DIR/admin.sock"
ask_socket /readyz
like "$STATUS $(cat "$BODY")" '^(503 starting|200 serving)$' "it answers as soon as it is there"
await 20 listening_or_dead
use_address "$(head -n 1 "$DIR/address")"
serving() { ask_socket /readyz; [ "$STATUS" = 200 ]; }
ok "and serves then" await 20 serving
finish
