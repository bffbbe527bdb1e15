#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reloads are counted, what was counted before stays, and the admin listener stays where it is.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100000
config 'max_connections = 100'
start_with_admin --workers 2
for _ in 1 2 3; do get /a.bin; done
await_metric 'ranged_requests_total{method="GET",status="200"}' 3
is "$(metric ranged_connections_max)" 100 "the first configuration"

config 'max_connections = 200'
reload_ranged
take_numbers
is "$(metric 'ranged_reloads_total{result="done"}') $(metric 'ranged_reloads_total{result="failed"}')" "1 0" "one reload"
is "$(metric ranged_connections_max) $(status_value connections.max)" "200 200" "what it says"
is "$(metric 'ranged_requests_total{method="GET",status="200"}')" 3 "requests are not counted anew"
is "$(metric 'ranged_response_bytes_total{source="disk"}')" 100000 "nor are bytes"
get /a.bin
await_metric 'ranged_requests_total{method="GET",status="200"}' 4
is "$(metric 'ranged_requests_total{method="GET",status="200"}')" 4 "they are counted on"

config 'max_connections = many'
reload_ranged
take_numbers
is "$(status_value reloads) $(status_value reload_failures)" "1 1" "one that failed"

config 'max_connections = 300' 'admin = "127.0.0.1:0"'
reload_ranged
take_numbers
is "$(status_value reloads) $(status_value connections.max)" "2 300" "a third one"
ok "another address is for the next start" grep -q 'admin: changed; takes effect after a restart' "$DIR/error.log"
is "$(grep -c 'admin listener on' "$DIR/error.log")" 2 "none was opened"

# While it is asked all the time.
(while [ ! -e "$DIR/stop" ]; do curl -sS "http://$ADMIN/status" "http://$ADMIN/metrics" -o /dev/null -o /dev/null || touch "$DIR/failed"; done) &
for i in $(seq 20); do
	config "max_connections = $((300 + i))"
	reload_ranged
done
touch "$DIR/stop"
wait $!
not_ok "questions are answered meanwhile" test -e "$DIR/failed"
take_numbers
is "$(status_value reloads) $(status_value connections.max)" "22 320" "all are counted"
finish
