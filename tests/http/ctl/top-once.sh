#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-ctl top without a terminal prints one frame as text in the requested size.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

start_admin
run_ctl top --interval 200ms
is "$RC $(err)" "0 " "top ends after one frame"
is "$(wc -l <"$ADMIN/requests")" 2 "top sends two requests"
is "$(LC_ALL=C grep -c $'\033' "$DIR/ctl.out")" 0 "the output has no control codes, also for names that contain some"
is "$(grep -c '[^ -~]' "$DIR/ctl.out")" 0 "in the C locale the output is ASCII"
is "$(grep -cE '.{81}' "$DIR/ctl.out")" 0 "no line is longer than 80 columns"
for word in 'sent +[0-9.]+ [MG]iB/s' 'cache +[0-9.]+ MiB/s #' 'hits [0-9.]+ %' 'p50 32 us' 'stalls .*http 2 .*longest 12 ms in http' \
	'259:0 +ok +[0-9]+ +[0-9]+ of 128' '/films/a\.mkv' '192\.0\.2\.7' '128 us #+'; do
	like "$(out)" "$word" "the frame has $word"
done
like "$(out)" '/odd/\?\[31mred' "a control code in a name is replaced"

for size in "50 20" "120 40" "30 10" "10 3" "1 1"; do
	COLUMNS=${size% *} LINES=${size#* } LC_ALL=C.UTF-8 run_ctl top --once -i 100ms
	is "$RC $(LC_ALL=C.UTF-8 grep -cE ".{$((${size% *} + 1))}" "$DIR/ctl.out")" "0 0" "$size: no line is too long"
	at_most "$(wc -l <"$DIR/ctl.out")" "${size#* }" "$size: there are not too many lines"
done

# The second response is slower than the first one.
answer_with status 200 application/json <<'END'
{"pid": 1, "started": "x", "version": "0.1.0", "state": "serving", "ready": true, "now_ms": 1000}
END
run_ctl top --once -i 100ms
is $RC 0 "a server without requests is shown"
like "$(out)" 'sent +-' "a server without requests has no rate"
like "$(out)" 'no reads' "a server without requests has no reads"
finish
