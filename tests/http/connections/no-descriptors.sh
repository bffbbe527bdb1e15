#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# When no descriptor is available, ranged neither uses the processor nor fills the log. It continues when descriptors
# are available again.
. "$(dirname "$0")/../lib.sh"

need_cmd prlimit
make_file a.bin 100
# shellcheck disable=SC2046
make_sizes $(seq 30)
start_ranged
get /a.bin
limit=$(find "/proc/$PID/fd" -mindepth 1 | sed 's/.*\///' | sort -n | tail -n 1)
prlimit --pid "$PID" --nofile=$((limit + 4)):

mkfifo "$DIR/hold"
perl "$LIB/crowd.pl" 40 "$ADDRESS" /a.bin <"$DIR/hold" >"$DIR/crowd" &
exec 9>"$DIR/hold"
sleep 0.5
ticks=$(cpu_ticks)
sleep 0.5
at_most $(($(cpu_ticks) - ticks)) 8 \
	"ranged uses little processor time without descriptors (hundredths of a second in half a second)"
at_most "$(wc -l <"$DIR/error.log")" 12 "ranged logs few lines"

exec 9>&-
sleep 0.2
# One connection is possible, but no other file can be opened: the response is 503, or the connection is rejected.
for i in $(seq 30); do
	get "/$i.bin" --max-time "$(seconds 5)"
	like "$RC $STATUS" '^(0 (200|503)|(52|56) 000)$' "file $i is served or rejected"
done
prlimit --pid "$PID" --nofile=1000:
served() { get /1.bin && [ "$STATUS" = 200 ]; }
ok "files are served when descriptors are available again" await 5 served
finish
