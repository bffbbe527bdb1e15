#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/prometheus-alerts.yml: promtool accepts the rules, and each alert fires when it should and not otherwise.
. "$(dirname "$0")/../lib.sh"

need_cmd promtool
rules=$LIB/../../conf/prometheus-alerts.yml
ok "the rules are valid" promtool check rules "$rules"
ok "the alerts fire when they should" promtool test rules "$LIB/alerts.test.yml"
sed 's/> 10$/> 1000/' "$rules" >"$DIR/prometheus-alerts.yml"
# Only the test of the changed rule is run.
perl -0777 -pe 's{\.\./\.\./conf}{'"$DIR"'}; my ($head, @tests) = split /^(?=  # )/m; $_ = join "", $head, grep { /alertname: RangedLoopStalls$/m } @tests' \
	"$LIB/alerts.test.yml" >"$DIR/alerts.test.yml"
not_ok "the test of the alerts detects a changed rule" promtool test rules "$DIR/alerts.test.yml"
alerts=$(sed -n 's/^ *- alert: //p' "$rules")
at_least "$(wc -w <<<"$alerts")" 10 "there are at least 10 alerts"
tests=$(<"$LIB/alerts.test.yml")
for alert in $alerts; do
	like "$tests"$'\n' "alertname: $alert"$'\n' "$alert has a test"
done
for what in summary description runbook severity; do
	is "$(grep -cE "^ +$what: " "$rules")" "$(wc -w <<<"$alerts")" "each alert has a $what"
done
finish
