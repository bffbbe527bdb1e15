#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A log that is not read does not delay a reload, whether it is removed or not. If it is read later, the queued lines
# are written.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
mkfifo "$DIR/fifo"
stuck="site \"fifo.example\" { access_log = $DIR/fifo }"
config "access_format = '%q'" "$stuck"
start_ranged
ms_of_reload() {
	local start=${EPOCHREALTIME/[.,]/}
	reload_ranged
	MS=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}
ms_of_reload
limit=$((4 * MS > 2000 * RANGED_SLOW ? 4 * MS : 2000 * RANGED_SLOW))
overfill_log -H 'Host: fifo.example'
take_stats
queued=$(stat_of lines 'log.*name=.*/fifo$')
at_least "$(stat_of dropped 'log.*name=.*/fifo$')" 100 "the log is full"

timed_reload() { # NAME
	ms_of_reload
	at_most "$MS" "$limit" "$1: the reload takes at most 2 s, or 4 times as long as with an empty log"
	get "/a.bin?$1"
	ok "$1: other logs are written" await 5 grep -q "?$1\$" "$DIR/access.log"
}
config "access_format = 'again %q'" "$stuck"
timed_reload wanted
config "access_format = '%q'"
timed_reload unwanted
timed_reload once-more
fifo_open() { find "/proc/$PID/fd" -lname "$DIR/fifo" | grep -q .; }
ok "the log that is not read remains open" fifo_open
cat "$DIR/fifo" >"$DIR/read" &
reader=$!
fifo_closed() { ! fifo_open; }
ok "the log is closed after it is read" await 10 fifo_closed
kill $reader 2>/dev/null # the reader may have opened the FIFO after the last line, and would wait forever
wait $reader 2>/dev/null
read -r complete wrong < <(awk '/^\?[0-9]+$/ && length == 1201 { n++ } END { print n + 0, NR - n }' "$DIR/read")
at_most "$complete" "$queued" "at most the queued lines are written"
is "$wrong" 0 "all lines are complete"
config "access_format = '%q'" "$stuck"
timed_reload back
stop_ranged
finish
