#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/grafana-dashboard.json: what Grafana needs is there, each panel says what it shows and in what unit, and none hides another.
. "$(dirname "$0")/../lib.sh"

dashboard=$LIB/../../conf/grafana-dashboard.json
# Prints what is wrong, a line each.
look_at() { perl "$LIB/monitoring.pl" check "$1"; }
is "$(look_at "$dashboard")" "" "nothing is wrong with it"
like "$(perl "$LIB/monitoring.pl" rows "$dashboard")" '^Now Traffic Cache Disks Latencies Loop Connections Rejections Logs $' "its rows"
at_least "$(perl "$LIB/monitoring.pl" queries "$dashboard" | wc -l)" 50 "queries it has"
# The check does find faults.
sed '0,/"unit": "s"/s//"unit": ""/' "$dashboard" >"$DIR/a.json"
like "$(look_at "$DIR/a.json")" 'no unit' "a unit that is missing"
sed '0,/"x": 12/s//"x": 4/' "$dashboard" >"$DIR/b.json"
like "$(look_at "$DIR/b.json")" 'overlaps' "one panel on another"
if command -v promtool >/dev/null; then
	{
		echo 'groups: [{name: panels, rules: ['
		perl "$LIB/monitoring.pl" queries "$dashboard" | cut -f 2 | perl -MJSON::PP -ne 'chomp; print "{record: \"a:b\", expr: ", JSON::PP->new->allow_nonref->encode($_), ", labels: {n: \"$.\"}},\n"'
		echo ']}]'
	} >"$DIR/panels.yml"
	ok "Prometheus can read its queries" promtool check rules "$DIR/panels.yml"
fi
finish
