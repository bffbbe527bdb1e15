#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A log on a full disk and one that nobody reads: requests are served, other logs go on, what is lost is counted, and the end comes.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
mkfifo "$DIR/fifo"
config 'access_format = json' "site \"fifo.example\" { access_log = $DIR/fifo }" 'site "full.example" { access_log = /dev/full }'
start_ranged
get /a.bin -H 'Host: full.example'
is "$STATUS" 200 "served, without room for its line"
ok "which is said" await 5 grep -q 'warning: 1 lines of the log /dev/full were lost: No space left on device' "$DIR/error.log"

for i in $(seq 3000); do echo "url = \"$URL/a.bin?$(printf '%01000d' "$i")\""; echo "output = \"$DIR/out\""; done >"$DIR/curls"
ok "served, as nobody reads the log" curl -sS --fail --config "$DIR/curls" -H 'Host: fifo.example'
get /a.bin?other
other() { grep -q other "$DIR/access.log"; }
ok "another log goes on" await 5 other
take_stats
at_least "$(stat_of dropped 'log.*name=.*/fifo$')" 100 "what did not fit is counted"
is "$(stat_of lines 'log.*name=.*access.log$') $(stat_of dropped 'log.*name=.*access.log$')" "1 0" "of each log"
stop_ranged
not_ok "no other" grep -q 'access.log accepts no data' "$DIR/error.log"
ok "what is left is said" grep -q 'the log .*/fifo accepts no data: its queued lines are lost' "$DIR/error.log"
finish
