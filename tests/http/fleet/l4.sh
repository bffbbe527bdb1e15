#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/fleet/haproxy-l4.cfg, which forwards connections: a rolling restart with SIGTERM loses no request, although
# HAProxy cannot repeat one. The clients keep their connections, send at once or after an idle time, and do not notice a
# close before they send.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../verify.sh"
. "$(dirname "$0")/../fleet.sh"
own_network haproxy

make_mirrors a.bin 100007 b.bin 3000001 c.bin 5
NODE_KEYS=('proxy_protocol = {"127.0.0.1"}')
start_nodes
start_haproxy "$FLEET/haproxy-l4.cfg"
get /a.bin --interface 127.0.0.77
cmp_whole a.bin "the balancer forwards to a node"
logged() { [ "$(nodes_with '^127\.0\.0\.77 ')" ]; }
ok "the access log of the node has the address of the client" await 5 logged

start_load connections=40 pause=500
for i in 1 2 3; do
	ok "node $i has connections" await 10 has_connections $i
	stop_node $i
	is $? 0 "node $i drains"
	start_node $i
	ok "node $i is up again" await 10 states_are "UP UP UP"
done
stop_load
no_failures "rolling restart"
finish_fleet 1 2 3
