#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that stall in the TLS handshake, at any point, need little processor time, delay no other client, and are
# disconnected after header_timeout.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_sizes 1000 20000000
control_clock
start_tls "$(tls_pairs a)" 'header_timeout = 60s' 'max_connections_per_client = 0'
hello='\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
# A complete ClientHello; the client does not read the response.
mkfifo "$DIR/tap"
perl -MSocket -e '
	socket(my $s, PF_INET, SOCK_STREAM, 0); bind $s, sockaddr_in(0, INADDR_LOOPBACK); listen $s, 1;
	open my $port, ">", "$ARGV[0].new"; print $port +(sockaddr_in(getsockname $s))[0]; close $port; rename "$ARGV[0].new", $ARGV[0];
	accept my $c, $s; sysread $c, my $hello, 4000; open my $out, ">", $ARGV[1]; print $out $hello' "$DIR/port" "$DIR/hello" &
await 10 test -s "$DIR/port"
timeout "$(seconds 10)" openssl s_client -connect "127.0.0.1:$(cat "$DIR/port")" </dev/null >/dev/null 2>&1
await 10 test -s "$DIR/hello"

idle=$(socket_count)
for _ in 1 2 3 4 5; do
	for part in '' '\x16' "$hello"; do
		printf "%b" "$part" | perl "$LIB/wire.pl" -t "$(seconds 60)" "$TLS_ADDRESS" >/dev/null &
	done
	perl "$LIB/wire.pl" -t "$(seconds 60)" "$TLS_ADDRESS" <"$DIR/hello" >/dev/null &
done
connected() { [ "$(socket_count)" -ge $((idle + 20)) ]; }
ok "20 clients stall" await 5 connected
before=$(cpu_ticks)
sleep 0.5
at_most $(($(cpu_ticks) - before)) $((10 * RANGED_SLOW)) \
	"stalled clients need little processor time (hundredths of a second in half a second)"
secure_get /20000000.bin --max-time "$(seconds 20)"
cmp_whole 20000000.bin "other clients are served"
secure_get /1000.bin -w '%{time_total}'
like "$STATUS" '^0\.[0-2]|^[0-9]\.' "other clients are served at once"
advance 61
ok "the stalled clients are disconnected after header_timeout" await 20 sockets_at_most "$idle"
finish
