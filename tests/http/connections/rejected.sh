#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A connection over a limit is answered after its request has arrived, also over TLS, with the fields of cors. The
# rejection is counted and logged in the access log, in every format, even if no request arrives.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"
. "$LIB/tls.sh"

make_file a.bin 100
make_certificate a a.example
LISTEN=
config 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' "$(tls_pairs a)" 'max_connections_per_client = 2' 'cors = "https://page.example"' \
	'proxy_protocol = {"127.0.0.50"}'
start_with_admin
TLS_ADDRESS=$(sed -n 's/^tls://p' "$DIR/address")
TLS_PORT=${TLS_ADDRESS##*:}
rejected() { metric "ranged_rejected_total{reason=\"$1\"}"; }
entries() { grep -c "$1" "$DIR/access.log"; }
has_entries() { [ "$(entries "$1")" = "$2" ]; }

mkfifo "$DIR/hold"
perl "$LIB/crowd.pl" 2 "$ADDRESS" /a.bin <"$DIR/hold" >"$DIR/crowd" &
exec 9>"$DIR/hold"
two() { [ "$(grep -c 200 "$DIR/crowd")" = 2 ]; }
ok "two connections of one client are served" await 10 two

# Sends its request after the rejection is logged, as over a network: the request arrives later than the connection.
late() { # FIELD...
	perl -MIO::Socket::INET -e '
		my ($address, $log, $before, @fields) = @ARGV;
		my $socket = IO::Socket::INET->new($address) or die;
		for (1 .. 1000) {
			last if `grep -c " rejected: " "$log"` > $before;
			select undef, undef, undef, 0.01;
		}
		print $socket join("\r\n", "GET /a.bin HTTP/1.1", "Host: x", @fields, "", "");
		$socket->flush;
		print while <$socket>' "$ADDRESS" "$DIR/error.log" "$(grep -c ' rejected: ' "$DIR/error.log")" "$@" >"$DIR/reply"
	STATUSES=$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/" GET)
	cp "$DIR/1.head" "$HEAD"
}
late 'Origin: https://page.example'
is "$STATUSES $(header Access-Control-Allow-Origin) $(header Retry-After) $(header Connection)" "503 https://page.example 1 close" \
		"a request that arrives later than its connection is answered with the fields of cors"
URL=https://a.example:$TLS_PORT get /a.bin --cacert "$DIR/a.pem" --resolve "a.example:$TLS_PORT:127.0.0.1" -H 'Origin: https://page.example'
is "$STATUS $(header Access-Control-Allow-Origin) $(header Connection)" "503 https://page.example close" \
	"a request over TLS is answered with the fields of cors"
ok "both requests are in the access log" await 5 has_entries '^127.0.0.1 .*"GET /a.bin HTTP/1.1" 503 ' 2
get /a.bin --interface 127.0.0.2
is "$STATUS" 200 "another client is served"
ok "both rejections are counted" await_metric 'ranged_rejected_total{reason="max_connections_per_client"}' 2
ok "the error log names the client" await 10 grep -q 'connection from 127.0.0.1 rejected: max_connections_per_client reached' "$DIR/error.log"

# More rejected connections than ranged reads requests from: the others are answered at once.
mkfifo "$DIR/hold2"
perl "$LIB/crowd.pl" 20 "$ADDRESS" "" <"$DIR/hold2" >"$DIR/crowd2" &
exec 8>"$DIR/hold2"
ok "rejected connections without a request are counted" await_metric 'ranged_rejected_total{reason="max_connections_per_client"}' 22
ok "each rejected connection is in the access log" await 5 has_entries '^127.0.0.1 .*"-" 503 ' 20
four() { [ "$(grep -c 503 "$DIR/crowd2")" -ge 4 ]; }
ok "some connections are answered at once" await 5 four
all() { [ "$(grep -cE 'closed|503' "$DIR/crowd2")" = 20 ]; }
ok "all connections are closed" await 5 all
exec 8>&-

# Sends bytes that are no request, and closes the connection after a reply, or without one.
send_garbage() {
	exec 7<>"/dev/tcp/127.0.0.1/${ADDRESS##*:}"
	# shellcheck disable=SC2059
	printf "$1" >&7
	[ "$2" = leave ] || timeout "$(seconds 10)" cat <&7 >/dev/null
	exec 7>&-
}
send_garbage 'garb' leave
ok "a rejected connection with a part of a request is in the access log" await 5 has_entries '^127.0.0.1 .*"-" 503 ' 21
send_garbage 'garbage\r\n\r\n' stay
ok "a rejected connection with garbage is in the access log" await 5 has_entries '^127.0.0.1 .*"-" 503 ' 22

ask 'nothing\r\n' -i 127.0.0.50
ok "a connection without its PROXY header is counted" await_metric 'ranged_rejected_total{reason="proxy_protocol"}' 1
ok "a connection without its PROXY header is in the access log" await 5 has_entries '^127.0.0.50 .*"-" 400 ' 1
exec 9>&-
served() { get /a.bin; [ "$STATUS" = 200 ]; }
ok "a new connection is served after others have ended" await 5 served
stop_ranged

# FORMAT PATTERN: the entry of a connection that is answered at once.
entry() {
	rm "$DIR/access.log" "$DIR/hold"
	config 'listen = "127.0.0.1:0"' 'max_connections = 1' "access_format = $1"
	start_ranged
	mkfifo "$DIR/hold"
	perl "$LIB/crowd.pl" 20 "$ADDRESS" "" <"$DIR/hold" >"$DIR/crowd" &
	exec 9>"$DIR/hold"
	ok "the access log format $1 has an entry for a rejected connection" await 5 has_entries "$2" 3
	exec 9>&-
	stop_ranged
}
entry combined '^127.0.0.1 - - \[.*\] "-" 503 - "-" "-"$'
entry timing '^127.0.0.1 .*"-" 503 '
entry json '"client":"127.0.0.1".*"status":503'
entry "'%h %m %U %>s %B'" '^127.0.0.1 - - 503 0$'
finish
