#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Connections of one client over max_connections_per_client are refused, those of another are not.
. "$(dirname "$0")/lib.sh"

make_file a.bin 100
config 'max_connections_per_client = 4'
start_ranged

mkfifo "$DIR/hold"
perl "$LIB/crowd.pl" 4 "$ADDRESS" /a.bin <"$DIR/hold" >"$DIR/crowd" &
exec 9>"$DIR/hold"
four() { [ "$(grep -c 200 "$DIR/crowd")" = 4 ]; }
ok "four of one client are served" await 10 four

get /a.bin --max-time "$(seconds 5)"
like "$RC $STATUS" '^(0 503|(52|56) 000)$' "the fifth is refused at once"
get /a.bin --interface 127.0.0.2
is "$STATUS" 200 "another client is served"

exec 9>&-
served() { get /a.bin; [ "$STATUS" = 200 ]; }
ok "there is room again" await 5 served
finish
