#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Lost lines are reported soon, without a further line: lines that cannot be written, lines that do not fit into the
# queue of a log that is not read, and lines of the error log itself.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
mkfifo "$DIR/fifo"
config 'site "full.example" { access_log = /dev/full }' "site \"fifo.example\" { access_log = $DIR/fifo }"
control_clock
start_ranged
reported() { grep -c "of the log $1 w[a-z]* lost" "$DIR/error.log"; }
has_reports() { [ "$(reported "$1")" = "$2" ]; }

# Two requests within a second. The report of the second one must wait, but not for a third one.
get /a.bin -H 'Host: full.example'
ok "the first lost line is reported" await 10 has_reports /dev/full 1
ok "one line is named as one" grep -q 'warning: 1 line of the log /dev/full was lost: No space left on device$' "$DIR/error.log"
get /a.bin -H 'Host: full.example'
get /a.bin -H 'Host: full.example'
advance 1.1
sum_of() { sed -nE "s|.*: ([0-9]+) lines? of the log $1 w[a-z]+ lost.*|\\1|p" "$DIR/error.log" | awk '{ sum += $1 } END { print sum + 0 }'; }
lost() { [ "$(sum_of "$1")" = "$2" ]; }
ok "the next ones are reported without a further line" await 10 lost /dev/full 3

# A pipe that is not read.
ok "requests are served while the log is not read" overfill_log -H 'Host: fifo.example'
take_stats
dropped=$(stat_of dropped 'log.*name=.*/fifo$')
at_least "$dropped" 50 "lines are lost"
advance 2.2 1.1
ok "they are reported while the log is not read" await 10 lost "$DIR/fifo" "$dropped"
ok "with the reason" grep -q '/fifo were lost: the queue was full$' "$DIR/error.log"
cat "$DIR/fifo" >/dev/null & reader=$!
stop_ranged
wait "$reader"

finish
