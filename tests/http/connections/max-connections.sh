#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Connections over max_connections are answered with 503 or closed. When other connections end, new ones are accepted.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'max_connections = 8' 'max_connections_per_client = 0'
start_ranged

mkfifo "$DIR/hold"
perl "$LIB/crowd.pl" 8 "$ADDRESS" /a.bin <"$DIR/hold" >"$DIR/crowd" &
exec 9>"$DIR/hold"
eight() { [ "$(grep -c 200 "$DIR/crowd")" = 8 ]; }
ok "eight connections are served" await 10 eight

for _ in 1 2 3; do
	get /a.bin --max-time "$(seconds 5)"
	like "$RC $STATUS" '^(0 503|(52|56) 000)$' "the ninth connection is rejected at once"
done
if [ "$STATUS" = 503 ]; then ok "the 503 response has Retry-After" header Retry-After; fi

exec 9>&-
served() { get /a.bin; [ "$STATUS" = 200 ]; }
ok "a new connection is served after others have ended" await 5 served
finish
