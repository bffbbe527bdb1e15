#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Fifty reloads with other logs and forms each time, under load: each request is one whole line of one of the logs, each reload one of the
# error logs.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
LOGS=
turn() { # NUMBER
	config "error_log = \"$DIR/error.log.$(($1 % 2))\"" "access_log = \"$DIR/access.log.$(($1 / 2 % 3))\"" "access_format = 'form $1 %U%q.'" \
		"site \"b.example\" { access_log = \"$DIR/access.log.$(($1 % 3))\" }"
}
turn 0
start_ranged --workers 2
ask_on() { # HOST: requests, until the reloads are over
	local i=0
	while [ ! -e "$DIR/stop" ]; do
		i=$((i + 1))
		curl -sS -H "Host: $1" -o /dev/null -w '%{http_code}\n' "$URL/a.bin?$1-$i-[1-100]"
	done >"$DIR/statuses.$1" 2>"$DIR/curl.$1"
}
ask_on a.example & asking=$!
ask_on b.example & asking="$asking $!"
reloads() { cat "$DIR"/error.log.* | grep -c 'configuration reloaded'; }
for i in $(seq 50); do
	turn "$i"
	reload_ranged
done
touch "$DIR/stop"
# shellcheck disable=SC2086
wait $asking
open_logs() { find "/proc/$PID/fd" -lname "$DIR/*.log*" | wc -l; }
few() { [ "$(open_logs)" -le 3 ]; }
ok "no more are open than the last one names" await 5 few
stop_ranged
is "$(reloads)" 50 "reloads that are in an error log"
is "$(cat "$DIR"/curl.* | head -n 3)" "" "no request failed"
is "$(sort -u "$DIR"/statuses.*)" 200 "all were served"
asked=$(cat "$DIR"/statuses.* | wc -l)
at_least "$asked" 500 "requests"
is "$(cat "$DIR"/access.log.* | wc -l)" "$asked" "as many lines"
is "$(cat "$DIR"/access.log.* | cut -d ' ' -f 3 | sort -u | wc -l)" "$asked" "each once"
is "$(cat "$DIR"/access.log.* | grep -cvE '^form [0-9]+ /a\.bin\?[ab]\.example-[0-9]+-[0-9]+\.$')" 0 "each whole"
at_least "$(cat "$DIR"/access.log.* | cut -d ' ' -f 2 | sort -u | wc -l)" 10 "forms were in use"
is "$(cat "$DIR"/error.log.* | grep -c 'lost')" 0 "nothing was lost"
finish
