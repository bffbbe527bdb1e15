#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The service under systemd: the units are valid, the service starts, notifies systemd, serves, logs to the journal, and
# stops.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 3000001
boot 'listen = {":80"}' 'access_log = journal'

for unit in ranged.service ranged@.service ranged.socket; do
	is "$(inside systemd-analyze verify --man=no "/lib/systemd/system/$unit" 2>&1)" "" \
		"systemd-analyze verify reports nothing about $unit"
done
for unit in ranged.service ranged@.service; do
	ok "the exposure of $unit is at most 1.5" inside systemd-analyze security --no-pager --offline=true --threshold=15 "/lib/systemd/system/$unit"
done

ok "the service starts" inside systemctl start ranged
is "$(property ActiveState) $(property SubState) $(property Result)" "active running success" "the service runs"
like "$(property StatusText)" '^(Serving|[0-9]+ clients?, .*)$' "the status text is correct"
get_inside /a.bin
is "$STATUS" 200 "requests on port 80 are served"
cmp_whole a.bin
figures() { [[ $(property StatusText) =~ ^[0-9]+\ clients?,\ 0\.[1-9]\ MB/s,\ [0-9]+\ %\ hits,\ [0-9]+\ reads?\ queued$ ]]; }
ok "the status text has figures" await 12 figures
is "$(inside cat "/proc/$(main_pid)/comm")" ranged "systemd knows the main process"
ok "the journal has the messages" await 5 eval 'journal | grep -q "ranged .* serves /srv/files"'
ok "the journal has the requests, with fields" await 5 eval 'inside journalctl -q --no-pager -u ranged RANGED_STATUS=200 RANGED_METHOD=GET | grep -q "GET /a.bin"'
ok "the service stops" inside systemctl stop ranged
is "$(property ActiveState) $(property Result) $(property ExecMainStatus)" "inactive success 0" \
	"the service stops with success"
finish
