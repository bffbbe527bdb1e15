#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# GoAccess reads each line of the access log, in each format, with the options that ranged.conf(5) states. Its report is
# valid UTF-8, and its numbers are those of the log.
. "$(dirname "$0")/lib.sh"

need_tool goaccess goaccess

# EXPRESSION: prints the value of a Python expression; r is the report.
report() { /usr/bin/python3 -c 'import json, sys; r = json.load(open(sys.argv[1], encoding="utf-8")); print(eval(sys.argv[2]))' "$DIR/report.json" "$1" 2>&1; }

for format in timing combined json; do
	serve_requests "access_format = $format"
	log_requests
	# The command of the manual, with the options that a test needs.
	command=$(manual_lines "goaccess $format")
	like "$command" '^goaccess .*access\.log$' "$format: the manual has a command"
	rm -f "$DIR/invalid" "$DIR/report.json"
	(cd "$DIR" && eval "$command --no-global-config --no-progress --invalid-requests=invalid -o report.json") >"$DIR/goaccess" 2>&1 </dev/null ||
		diag "$(tail -n 3 "$DIR/goaccess")"
	is "$(head -n 3 "$DIR/invalid")" "" "$format: each line is accepted"
	is "$(report '"%d %d %d" % tuple(r["general"][k] for k in ("total_requests", "valid_requests", "failed_requests"))')" "$SENT $SENT 0" \
		"$format: the number of requests is correct"
	is "$(report 'r["general"]["bandwidth"]')" "$(bytes "$DIR/access.log")" "$format: the number of bytes is correct"
	is "$(report '"\n".join(sorted("%s %d" % (i["data"][:3], i["hits"]["count"]) for g in r["status_codes"]["data"] for i in g["items"]))')" \
		"$(statuses "$DIR/access.log")" "$format: the number of each status is correct"
	mv "$DIR/access.log" "$DIR/access.log.$format"
done
finish
