#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Thousands of slow readers do not fill the TCP memory of the machine: the kernel memory per connection shrinks as their
# number grows. Other clients are served at once.
. "$(dirname "$0")/../lib.sh"

need_root
need_cmd unshare ss
unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
make_file long.bin 4000000 a.bin 100000
# A machine whose TCP memory is limited to 256 MiB. Of that, ranged may use an eighth for sockets.
printf '40000\t65536\t90000\n' >"$DIR/tcp_mem"
# shellcheck disable=SC2016
PREFIX=(unshare -m bash -c 'mount --bind "$0" /proc/sys/net/ipv4/tcp_mem && exec "$@"' "$DIR/tcp_mem")
config 'min_rate = 0'
start_ranged --workers 2
curl -sS "$URL/long.bin" >/dev/null
used_kib() { awk '/^TCP:/ { print $11 * 4 }' /proc/net/sockstat; }
unsent() { ss -tnH state established src "$ADDRESS" | awk '{ sum += $2 } $2 > most { most = $2 } END { print int(sum / 1024), int(most / 1024) }'; }

slow() { # COUNT: starts readers that read nothing
	printf 'GET /long.bin HTTP/1.1\r\nHost: x\r\n\r\n' | perl "$LIB/slow.pl" "$1" "$ADDRESS" own=127.0.3.1 addresses=8 >"$DIR/slow" &
	SLOW=$!
	await 30 grep -q held "$DIR/slow" || diag "they are not held"
}
settled() {
	local before=$SENT
	SENT=$(unsent)
	[ "$SENT" = "$before" ]
}
slow 2
SENT=
await 5 settled
at_least "${SENT#* }" 200 "with few connections the send buffers are large enough for speed"
kill $SLOW
wait $SLOW

before=$(used_kib)
slow 2500
SENT=
await 10 settled
at_most "${SENT% *}" $((2500 * 64)) "the unsent bytes of 2,500 slow readers are bounded (KiB)"
[ $(($(used_kib) - before)) -gt 0 ] && at_most $(($(used_kib) - before)) $((2500 * 110)) "KiB more in all sockets of the machine"
for i in 1 2 3; do
	get "/a.bin?$i" --interface 127.0.0.77 --max-time "$(seconds 2)"
	cmp_whole a.bin "another client is served at once, request $i"
done
get /long.bin --interface 127.0.0.77 --max-time "$(seconds 4)"
cmp_whole long.bin "another client gets a long file"
kill $SLOW
finish
