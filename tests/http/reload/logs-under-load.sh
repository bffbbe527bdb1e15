#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Fifty reloads under load, each with other logs and formats. Each request is one complete line in one of the access
# logs, and each reload is in one of the error logs.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
LOGS=
turn() { # NUMBER: reloads with other logs
	config "error_log = \"$DIR/error.log.$(($1 % 2))\"" "access_log = \"$DIR/access.log.$(($1 / 2 % 3))\"" "access_format = 'form $1 %U%q.'" \
		"site \"b.example\" { access_log = \"$DIR/access.log.$(($1 % 3))\" }"
}
turn 0
start_ranged --workers 2
ask_on() { # HOST: sends requests until the reloads have ended, and at least 300
	local i=0
	while [ ! -e "$DIR/stop" ] || [ $i -lt 3 ]; do
		i=$((i + 1))
		pause 0.05
		curl -sS -H "Host: $1" -o /dev/null -w '%{http_code}\n' "$URL/a.bin?$1-$i-[1-100]"
	done >"$DIR/statuses.$1" 2>"$DIR/curl.$1"
}
ask_on a.example & asking=$!
ask_on b.example & asking="$asking $!"
reloads() {
	local text texts=
	for text in "$DIR"/error.log.*; do
		IFS= read -rd '' text <"$text"
		texts+=$text
	done
	texts=${texts//configuration reloaded/$'\1'}
	texts=${texts//[!$'\1']/}
	echo ${#texts}
}
for i in $(seq 50); do
	turn "$i"
	reload_ranged
done
touch "$DIR/stop"
# shellcheck disable=SC2086
wait $asking
open_logs() { find "/proc/$PID/fd" -lname "$DIR/*.log*" | wc -l; }
few() { [ "$(open_logs)" -le 3 ]; }
ok "only the logs of the last configuration are open" await 5 few
stop_ranged
is "$(reloads)" 50 "each reload is in an error log"
is "$(cat "$DIR"/curl.* | head -n 3)" "" "no request fails"
is "$(sort -u "$DIR"/statuses.*)" 200 "all requests are served"
asked=$(cat "$DIR"/statuses.* | wc -l)
at_least "$asked" 500 "many requests were sent"
is "$(cat "$DIR"/access.log.* | wc -l)" "$asked" "each request has a line"
is "$(cat "$DIR"/access.log.* | cut -d ' ' -f 3 | sort -u | wc -l)" "$asked" "no line is written twice"
is "$(cat "$DIR"/access.log.* | grep -cvE '^form [0-9]+ /a\.bin\?[ab]\.example-[0-9]+-[0-9]+\.$')" 0 \
	"each line is complete"
at_least "$(cat "$DIR"/access.log.* | cut -d ' ' -f 2 | sort -u | wc -l)" 10 "many formats were used"
is "$(cat "$DIR"/error.log.* | grep -c 'lost')" 0 "no line is lost"
finish
