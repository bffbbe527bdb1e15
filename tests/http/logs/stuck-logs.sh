#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A log on a full disk and a log that is not read: requests are served, other logs are written, lost lines are counted,
# and ranged stops in time.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
mkfifo "$DIR/fifo"
config 'access_format = json' "site \"fifo.example\" { access_log = $DIR/fifo }" 'site "full.example" { access_log = /dev/full }'
start_ranged
get /a.bin -H 'Host: full.example'
is "$STATUS" 200 "a request whose line cannot be written is served"
ok "the lost line is reported" await 5 grep -q 'warning: 1 line of the log /dev/full was lost: No space left on device' "$DIR/error.log"

ok "requests are served while the log is not read" overfill_log -H 'Host: fifo.example'
get /a.bin?other
other() { grep -q other "$DIR/access.log"; }
ok "another log is written" await 5 other
take_stats
at_least "$(stat_of dropped 'log.*name=.*/fifo$')" 100 "lines that do not fit are counted"
is "$(stat_of lines 'log.*name=.*access.log$') $(stat_of dropped 'log.*name=.*access.log$')" "1 0" \
	"the counters are those of each log"
stop_ranged
not_ok "no other log is reported" grep -q 'access.log does not accept data' "$DIR/error.log"
ok "the queued lines of the log are reported as lost" await 10 grep -q 'the log .*/fifo does not accept data; its queued lines are lost' "$DIR/error.log"
finish
