#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Reloads are counted. Counters keep their values, and the admin listener remains open.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100000
config 'max_connections = 100'
start_with_admin --workers 2
for _ in 1 2 3; do get /a.bin; done
await_metric 'ranged_requests_total{method="GET",status="200"}' 3
is "$(metric ranged_connections_max)" 100 "the first configuration is in effect"

config 'max_connections = 200'
reload_ranged
take_numbers
is "$(metric 'ranged_reloads_total{result="done"}') $(metric 'ranged_reloads_total{result="failed"}')" "1 0" \
	"one reload is counted"
is "$(metric ranged_connections_max) $(status_value connections.max)" "200 200" "the new configuration is in effect"
is "$(metric 'ranged_requests_total{method="GET",status="200"}')" 3 "the request counter keeps its value"
is "$(metric 'ranged_response_bytes_total{source="disk"}')" 100000 "the byte counter keeps its value"
get /a.bin
await_metric 'ranged_requests_total{method="GET",status="200"}' 4
is "$(metric 'ranged_requests_total{method="GET",status="200"}')" 4 "the request counter continues"

config 'max_connections = many'
reload_ranged
take_numbers
is "$(status_value reloads) $(status_value reload_failures)" "1 1" "a failed reload is counted"

config 'max_connections = 300' 'admin = "127.0.0.1:0"'
reload_ranged
take_numbers
is "$(status_value reloads) $(status_value connections.max)" "2 300" "the third reload is counted"
ok "a changed admin address takes effect after a restart" await 10 grep -q 'admin: changed; takes effect after a restart' "$DIR/error.log"
is "$(grep -c 'admin listener on' "$DIR/error.log")" 2 "no other admin listener is opened"

# The admin listener is queried during the reloads.
(while [ ! -e "$DIR/stop" ]; do pause 0.05; curl -sS "http://$ADMIN/status" "http://$ADMIN/metrics" -o /dev/null -o /dev/null || touch "$DIR/failed"; done) &
for i in $(seq 20); do
	config "max_connections = $((300 + i))"
	reload_ranged
done
touch "$DIR/stop"
wait $!
not_ok "the admin listener answers during reloads" test -e "$DIR/failed"
take_numbers
is "$(status_value reloads) $(status_value connections.max)" "22 320" "all reloads are counted"
finish
