#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/grafana-dashboard.json has all parts that Grafana needs. Each panel has a description and a unit, and panels do
# not overlap.
. "$(dirname "$0")/../lib.sh"

dashboard=$LIB/../../conf/grafana-dashboard.json
# Prints the faults of a dashboard, one per line.
look_at() { perl "$LIB/monitoring.pl" check "$1"; }
is "$(look_at "$dashboard")" "" "the dashboard has no faults"
like "$(perl "$LIB/monitoring.pl" rows "$dashboard")" '^Now Traffic Cache Disks Latencies Loop Connections Rejections Logs Fleet $' \
	"the dashboard has its rows"
at_least "$(perl "$LIB/monitoring.pl" queries "$dashboard" | wc -l)" 50 "the dashboard has at least 50 queries"
# The check detects faults.
sed '0,/"unit": "s"/s//"unit": ""/' "$dashboard" >"$DIR/a.json"
like "$(look_at "$DIR/a.json")" 'no unit' "a missing unit is detected"
sed '0,/"x": 12/s//"x": 4/' "$dashboard" >"$DIR/b.json"
like "$(look_at "$DIR/b.json")" 'overlaps' "overlapping panels are detected"
if command -v promtool >/dev/null; then
	{
		echo 'groups: [{name: panels, rules: ['
		perl "$LIB/monitoring.pl" queries "$dashboard" | cut -f 2 | perl -MJSON::PP -ne 'chomp; print "{record: \"a:b\", expr: ", JSON::PP->new->allow_nonref->encode($_), ", labels: {n: \"$.\"}},\n"'
		echo ']}]'
	} >"$DIR/panels.yml"
	ok "Prometheus accepts the queries" promtool check rules "$DIR/panels.yml"
fi
finish
