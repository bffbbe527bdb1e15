#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TLS clients that stop reading need bounded memory and little processor time, and are disconnected because of min_rate.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_sizes 1000 50000000
control_clock
start_tls "$(tls_pairs a)" 'stall_timeout = 60s' 'min_rate = 64K'
secure_get /1000.bin
idle=$(socket_count) before=$(rss_kib)
# openssl stops reading when its output is not read.
for _ in 1 2 3 4 5 6 7 8; do
	(printf 'GET /50000000.bin HTTP/1.1\r\nHost: a.example\r\n\r\n' | timeout "$(seconds 40)" openssl s_client -quiet -connect "$TLS_ADDRESS" 2>/dev/null |
		{ head -c 100 >/dev/null; sleep infinity; }) &
done
connected() { [ "$(socket_count)" -ge $((idle + 8)) ]; }
ok "8 clients stall" await 5 connected
settled() { # returns true if nothing was sent since the last call
	local before=$SENT
	take_stats
	SENT=$(stat_of bytes 'stats bytes')
	[ "$SENT" = "$before" ]
}
SENT=
await 10 settled
ticks=$(cpu_ticks)
sleep 0.5
at_most $(($(cpu_ticks) - ticks)) $((10 * RANGED_SLOW)) \
	"stalled clients need little processor time (hundredths of a second in half a second)"
[ -n "$SANITIZED" ] || at_most $(($(rss_kib) - before)) $((32768 + 8 * 300)) "stalled clients need bounded memory (KiB)"
secure_get /50000000.bin
cmp_whole 50000000.bin "other clients are served"
advance 61
ok "the stalled clients are disconnected" await 20 sockets_at_most "$idle"
finish
