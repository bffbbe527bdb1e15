#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-ctl top without a terminal: one frame, as text, of the size that is asked for.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

start_admin
run_ctl top --interval 200ms
is "$RC $(err)" "0 " "it ends by itself"
is "$(wc -l <"$ADMIN/requests")" 2 "after two answers"
is "$(LC_ALL=C grep -c $'\033' "$DIR/ctl.out")" 0 "no codes of a terminal, nor those in a name"
is "$(grep -c '[^ -~]' "$DIR/ctl.out")" 0 "no more than ASCII in the C locale"
is "$(grep -cE '.{81}' "$DIR/ctl.out")" 0 "no line over 80 columns"
for word in 'sent +[0-9.]+ [MG]iB/s' 'cache +[0-9.]+ MiB/s #' 'hits [0-9.]+ %' 'p50 32 us' 'stalls .*http 2 .*longest 12 ms in http' \
	'259:0 +[0-9]+ +[0-9]+ of 128' '/films/a\.mkv' '192\.0\.2\.7' '128 us #+'; do
	like "$(out)" "$word" "it has $word"
done
like "$(out)" '/odd/\?\[31mred' "a name with a code in it"

for size in "50 20" "120 40" "30 10" "10 3" "1 1"; do
	COLUMNS=${size% *} LINES=${size#* } LC_ALL=C.UTF-8 run_ctl top --once -i 100ms
	is "$RC $(LC_ALL=C.UTF-8 grep -cE ".{$((${size% *} + 1))}" "$DIR/ctl.out")" "0 0" "$size: no line is longer"
	at_most "$(wc -l <"$DIR/ctl.out")" "${size#* }" "nor is there one too many"
done

# A second one that is slower than the first.
answer_with status 200 application/json <<'END'
{"pid": 1, "started": "x", "version": "0.1.0", "state": "serving", "ready": true, "now_ms": 1000}
END
run_ctl top --once -i 100ms
is $RC 0 "a server that does nothing"
like "$(out)" 'sent +-' "has no rate"
like "$(out)" 'no reads' "and no reads"
finish
