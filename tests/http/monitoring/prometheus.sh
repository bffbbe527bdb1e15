#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A Prometheus that scrapes ranged under load: each query of the dashboard and each series of the alerts has a result.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"

need_cmd prometheus
conf=$LIB/../../conf
make_file large.bin 50000000 small.bin 1000
CACHE=16M
config 'listing = true' 'location "/small.bin" { requests_per_client = 50 }'
start_with_admin --workers 2

# Sends requests of each kind until it is killed: ten times a second, a range twice, a listing, 404, a limited file and 405.
# The kernel knows no name that is new, so its lookup uses the disk.
for ((i = 0; i < 1000; i++)); do
	first=$((i * 700001 % 49000000))
	for request in "large.bin $first" '' "none$i" small.bin 'large.bin BREW' "large.bin $first"; do
		printf 'url = "%s/%s"\noutput = /dev/null\nsilent\nmax-time = 10\nrate = 60/s\n' "$URL" "${request% *}"
		case $request in *BREW) echo 'request = BREW' ;; *' '*) printf 'range = %d-%d\n' "${request#* }" $((${request#* } + 900000)) ;; esac
		echo next
	done
done >"$DIR/load"
curl --config "$DIR/load" >/dev/null &

cat >"$DIR/prometheus.yml" <<-END
	global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 5s}
	rule_files: ["$(realpath "$conf/prometheus-alerts.yml")"]
	scrape_configs: [{job_name: ranged, static_configs: [{targets: ["$ADMIN"]}]}]
END
prometheus --config.file="$DIR/prometheus.yml" --storage.tsdb.path="$DIR/tsdb" --web.listen-address=127.0.0.1:0 >"$DIR/prometheus" 2>&1 &
prometheus=$!
listens() { PROMETHEUS=http://$(grep -oE 'Listening on" address=[0-9.:]+' "$DIR/prometheus" | cut -d = -f 2) && [ "$PROMETHEUS" != http:// ]; }
await 20 listens || { diag "$(tail -n 5 "$DIR/prometheus")"; fail "Prometheus starts"; finish; }
ask() { perl "$LIB/monitoring.pl" ask "$PROMETHEUS" >"$DIR/answers"; } # stdin: queries
scraped() { pause 0.5; printf 'up\tsum_over_time(up{job="ranged"}[1m]) >= 8\n' | ask && [ "$(cut -f 3 "$DIR/answers")" = 1 ]; }
ok "ranged is scraped" await 60 scraped

# The expression of an alert has a result only if the alert fires. All other queries must have one.
may_be_empty() { [[ $1 =~ ^Ranged[A-Za-z]+$ ]]; }
perl "$LIB/monitoring.pl" queries "$conf/grafana-dashboard.json" >"$DIR/queries"
perl "$LIB/monitoring.pl" alerts "$conf/prometheus-alerts.yml" >>"$DIR/queries"
at_least "$(wc -l <"$DIR/queries")" 90 "there are at least 90 queries"
ask <"$DIR/queries"
while IFS=$'\t' read -r name query said; do
	case $said in
	0) if may_be_empty "$name"; then pass "$name"; else fail "$name" "nothing: $query"; fi ;;
	[1-9]*) pass "$name" ;;
	*) fail "$name" "$said: $query" ;;
	esac
done <"$DIR/answers"
printf 'x\tranged_no_such_metric\ny\tsum(\n' | ask
like "$(cut -f 3 "$DIR/answers" | paste -sd ' ')" '^0 .*parse error' \
	"queries without a result, and invalid queries, are detected"
rules() { # prints the health of each rule
	curl -s "$PROMETHEUS/api/v1/rules" | perl -MJSON::PP -0777 -ne 'print "$_->{health} $_->{lastError}\n" for map { @{$_->{rules}} } @{decode_json($_)->{data}{groups}}'
}
evaluated() { pause 0.5; [[ ! "$(rules)" =~ unknown ]]; }
ok "the alerts are evaluated" await 30 evaluated
is "$(rules | sort | uniq -c | xargs)" "$(grep -c 'alert:' "$conf/prometheus-alerts.yml") ok" "no alert has an error"
kill -TERM $prometheus
wait $prometheus
is $? 0 "Prometheus ends with status 0"
finish
