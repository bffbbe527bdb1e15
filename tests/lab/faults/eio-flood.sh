#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An error that repeats is logged at most once a second, with the number of suppressed lines.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file a.bin 200000; }
mount_faulty_disk "$ROOT"
start_ranged
head_of /a.bin
set_fault 0 5 0

start=$(date +%s)
for i in $(seq 300); do
	echo "url = \"$URL/a.bin?$i\""
	echo "output = /dev/null"
done | curl -sS --config - -w '%{http_code}\n' >"$DIR/statuses"
sleep 1.1
get /a.bin
took=$(($(date +%s) - start + 1))
is "$(grep -c 503 "$DIR/statuses")" 300 "300 requests fail"
stop_ranged
faults() { grep -c 'Input/output error' "$DIR/error.log"; }
at_most "$(faults)" $((took + 1)) "the log has at most one line per second ($took s)"
at_least "$(faults)" 2 "the log has more than one line"
ok "the suppressed lines are counted" await 10 grep -qE 'Input/output error.*[0-9]+' "$DIR/error.log"
is "$(wc -l <"$DIR/access.log")" 302 "each request is in the access log"
finish
