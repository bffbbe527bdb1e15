#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/fleet/prometheus.yml: Prometheus scrapes the monitor listeners of three nodes and HAProxy. The queries of the
# dashboard for a fleet see a node that stops. Only the intervals are shortened.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fleet.sh"
own_network haproxy prometheus promtool

files=()
for i in $(seq 12); do files+=("file$i.bin" 100000); done
make_mirrors "${files[@]}"
cp "$FLEET/prometheus.yml" "$FLEET/../prometheus-alerts.yml" "$DIR"
ok "promtool accepts the configuration" promtool check config "$DIR/prometheus.yml"
sed -i 's/_interval: 5s/_interval: 1s/; s/_timeout: 4s/_timeout: 1s/' "$DIR/prometheus.yml"
prometheus --config.file="$DIR/prometheus.yml" --storage.tsdb.path="$DIR/tsdb" --web.listen-address=127.0.0.1:9090 \
	>"$DIR/prometheus" 2>&1 &
prometheus=$!
start_nodes
start_haproxy "$FLEET/haproxy.cfg"

# QUERY: prints the values of the results of a query.
value() {
	local rest values=()
	rest=$(curl -sS -G http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1")
	while [[ $rest =~ \"value\":\[[^],]*,\"([^\"]*)\"\](.*) ]]; do
		values+=("${BASH_REMATCH[1]}") rest=${BASH_REMATCH[2]}
	done
	echo "${values[*]}"
}
perl "$LIB/monitoring.pl" queries "$FLEET/../grafana-dashboard.json" >"$DIR/queries"
# TITLE [N]: prints the N-th query of a panel of the dashboard.
panel() { awk -F '\t' -v title="$1" -v n="${2:-1}" '$1 == title && ++seen == n { print $2 }' "$DIR/queries"; }
becomes() { # QUERY VALUE
	[ "$(value "$1")" = "$2" ] || { pause 0.3; return 1; }
}
ok "all nodes are scraped" await 20 becomes 'sum(up{job="ranged"})' 3
ok "HAProxy is scraped" await 20 becomes 'sum(haproxy_server_check_status{proxy="nodes",state="L7OK"})' 3
is "$(value "$(panel 'Nodes not ready')")" 0 "all nodes are ready"
for i in 1 2 3; do curl -sS "${NAMES[@]/#/$URL/}" >/dev/null; done
ok "the caches of the fleet have each file once" await 10 becomes "$(panel 'Cache of the fleet')" $((12 * 102400))
is "$(value "$(panel 'Cache by node')" | wc -w)" 3 "each node has a series"
is "$(value "count(count by (instance) ($(panel 'Names by node')))")" 3 "each instance is a node"
rates() { [[ $(value "$(panel 'Keys moved' 1)") =~ ^[01] ]]; }
ok "the share of new keys is known" await 10 rates
like "$(value "$(panel 'Keys moved' 2)")" '^[01]' "the share of moved keys is known"

kill_node 2
ok "a node that does not respond is not ready" await 10 becomes "$(panel 'Nodes not ready')" 1
start_node 2
ok "the node is ready again" await 10 becomes "$(panel 'Nodes not ready')" 0
rm "$DIR/node3/.mounted"
ok "a node that lacks its storage is not ready" await 10 becomes "$(panel 'Nodes not ready')" 1
ok "HAProxy sends it no requests" await 10 states_are "UP UP DOWN"
kill "$prometheus"
wait "$prometheus"
finish_fleet 1 2 3
