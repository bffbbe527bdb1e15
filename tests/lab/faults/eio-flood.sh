#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A fault that repeats is logged once a second at most, with the number of those not shown.
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
is "$(grep -c 503 "$DIR/statuses")" 300 "300 faults"
stop_ranged
faults() { grep -c 'Input/output error' "$DIR/error.log"; }
at_most "$(faults)" $((took + 1)) "lines in $took seconds"
at_least "$(faults)" 2 "but more than one"
ok "the others are counted" grep -E 'Input/output error.*[0-9]+' "$DIR/error.log"
is "$(wc -l <"$DIR/access.log")" 302 "each is in the access log"
finish
