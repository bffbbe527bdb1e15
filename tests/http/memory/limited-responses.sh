#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Limited responses sleep: they hold no memory that other responses need, and use little processor time.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000000 free/b.bin 1000000 free/c.bin 10007
CACHE=4M
config 'rate = 20K' 'min_rate = 4K' 'stall_timeout = 10s' 'location "/free/" { rate = 0 }'
control_clock
start_ranged --workers 1
curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 100 -o /dev/null -w 'ended\n' \
	"$URL/a.bin?[1-100]" >"$DIR/ended" 2>/dev/null & fetches=$!
under_way() { [ "$(socket_count)" -ge 100 ]; }
await 10 under_way
advance 5 0.1
before=$(cpu_ticks)
for _ in 1 2 3 4 5; do
	get /free/b.bin
	cmp_whole free/b.bin
	get /free/c.bin
	cmp_whole free/c.bin
done
pause 0.5
ticks=$(($(cpu_ticks) - before))
at_most $ticks "$(seconds 75)" "100 limited responses use little processor time (hundredths of a second)"
advance 30 0.1
ok "the client is running" kill -0 "$fetches"
is "$(wc -l <"$DIR/ended")" 0 "no limited response is aborted because of min_rate"
ok "all of them are still being sent" under_way
kill "$fetches"
wait "$fetches" 2>/dev/null
finish
