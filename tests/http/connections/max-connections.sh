#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Connections over max_connections are answered 503 or closed; when others end there is room again.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'max_connections = 8' 'max_connections_per_client = 0'
start_ranged

mkfifo "$DIR/hold"
perl "$LIB/crowd.pl" 8 "$ADDRESS" /a.bin <"$DIR/hold" >"$DIR/crowd" &
exec 9>"$DIR/hold"
eight() { [ "$(grep -c 200 "$DIR/crowd")" = 8 ]; }
ok "eight are served" await 10 eight

for _ in 1 2 3; do
	get /a.bin --max-time "$(seconds 5)"
	like "$RC $STATUS" '^(0 503|(52|56) 000)$' "the ninth is refused at once"
done
if [ "$STATUS" = 503 ]; then ok "with Retry-After" header Retry-After; fi

exec 9>&-
served() { get /a.bin; [ "$STATUS" = 200 ]; }
ok "there is room again" await 5 served
finish
