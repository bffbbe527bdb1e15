#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/prometheus-alerts.yml: promtool accepts the rules, and each alert fires when it should and not otherwise.
. "$(dirname "$0")/../lib.sh"

need_cmd promtool
rules=$LIB/../../conf/prometheus-alerts.yml
ok "the rules are valid" promtool check rules "$rules"
ok "the alerts fire when they should" promtool test rules "$LIB/alerts.test.yml"
sed 's/> 10$/> 1000/' "$rules" >"$DIR/prometheus-alerts.yml"
sed "s|\.\./\.\./conf|$DIR|" "$LIB/alerts.test.yml" >"$DIR/alerts.test.yml"
not_ok "the test of the alerts detects a changed rule" promtool test rules "$DIR/alerts.test.yml"
alerts=$(sed -n 's/^ *- alert: //p' "$rules")
at_least "$(wc -w <<<"$alerts")" 10 "there are at least 10 alerts"
for alert in $alerts; do
	ok "$alert has a test" grep -q "alertname: $alert\$" "$LIB/alerts.test.yml"
done
for what in summary description runbook severity; do
	is "$(grep -cE "^ +$what: " "$rules")" "$(wc -w <<<"$alerts")" "each alert has a $what"
done
finish
