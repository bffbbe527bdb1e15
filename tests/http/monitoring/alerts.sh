#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/prometheus-alerts.yml: what promtool says to it; each alert fires when it should and not when all is well.
. "$(dirname "$0")/../lib.sh"

need_cmd promtool
rules=$LIB/../../conf/prometheus-alerts.yml
ok "the rules are valid" promtool check rules "$rules"
ok "they fire when they should" promtool test rules "$LIB/alerts.test.yml"
sed 's/> 10$/> 1000/' "$rules" >"$DIR/prometheus-alerts.yml"
sed "s|\.\./\.\./conf|$DIR|" "$LIB/alerts.test.yml" >"$DIR/alerts.test.yml"
not_ok "which is no matter of course" promtool test rules "$DIR/alerts.test.yml"
alerts=$(sed -n 's/^ *- alert: //p' "$rules")
at_least "$(wc -w <<<"$alerts")" 10 "alerts there are"
for alert in $alerts; do
	ok "$alert has a test" grep -q "alertname: $alert\$" "$LIB/alerts.test.yml"
done
for what in summary description runbook severity; do
	is "$(grep -cE "^ +$what: " "$rules")" "$(wc -w <<<"$alerts")" "each has a $what"
done
finish
