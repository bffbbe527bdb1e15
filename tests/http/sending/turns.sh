#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# While 64 hot streams of eight clients are sent, most iterations of the event loop are short, and small requests
# beside them are answered quickly.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"
. "$LIB/verify.sh"

make_file big.bin 70000001
make_verified 4001
CACHE=256M
start_with_admin --workers 1
curl -sS -o /dev/null -o /dev/null -o /dev/null "$URL/big.bin" "$URL/big.bin" "$URL/big.bin"
"$VERIFY" "$ADDRESS" "$ROOT" only=3 long=100 connections=64 addresses=8 requests=1000000 seconds="$(seconds 60)" wait="$(seconds 30)" big.bin >"$DIR/streams" 2>&1 &
streams=$!
sending() { take_numbers && [ "$(metric 'ranged_connections{state="send"}')" -ge 60 ]; }
ok "64 streams are sent" await 10 sending
verify "beside 64 streams" requests=200 connections=2 seed=3
ok "the streams were sent meanwhile" kill -0 $streams
at_most "$(verified p50_us)" "$(seconds 50000)" "half of the small requests are answered quickly (us)"
at_most "$(verified p99_us)" "$(seconds 300000)" "99 % of the small requests are answered quickly (us)"
kill $streams
wait $streams
is $? 0 "every byte of the streams is correct"
diag "$(cat "$DIR/streams")"
take_numbers
diag "$(grep '^ranged_loop_longest_stall_seconds{' "$DIR/metrics")"
sum() { awk -v name="$1" 'index($0, name "{") == 1 { sum += $2 } END { printf "%d\n", sum }' "$DIR/metrics"; }
# If other processes use the processors, some iterations take long.
at_most $(($(sum ranged_loop_stalls_total) * 100)) $((50 * $(sum ranged_loop_iterations_total))) \
	"less than half of the iterations have a part that takes 10 ms"
finish
