#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Connections of one client over max_connections_per_client are rejected, with the fields of cors. Other clients are
# served.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'max_connections_per_client = 4' 'cors = "*"' 'location "/named/" { cors = "https://a.example" header = "X-Tiles: yes" }' \
	'site "s.example" { cors = "https://s.example" }'
start_ranged

mkfifo "$DIR/hold"
perl "$LIB/crowd.pl" 4 "$ADDRESS" /a.bin <"$DIR/hold" >"$DIR/crowd" &
exec 9>"$DIR/hold"
four() { [ "$(grep -c 200 "$DIR/crowd")" = 4 ]; }
ok "four connections of one client are served" await 10 four

get /a.bin --max-time "$(seconds 5)"
like "$RC $STATUS" '^(0 503|(52|56) 000)$' "the fifth connection is rejected at once"
is "$STATUS $(header Access-Control-Allow-Origin) $(header Cross-Origin-Resource-Policy) $(header Retry-After)" "503 * cross-origin 1" \
	"the 503 response has the fields of cors"
is "$(cat "$BODY")" "503 Service Unavailable" "the 503 response has a body"
# METHOD PATH FIELD...: sends a request that has arrived when the connection is accepted.
arrived() {
	perl -MIO::Socket::INET -e '
		my ($pid, $address, $method, $path, @fields) = @ARGV;
		kill "STOP", $pid;
		my $socket = IO::Socket::INET->new($address) or die;
		print $socket join("\r\n", "$method $path HTTP/1.1", @fields, "", "");
		$socket->flush;
		kill "CONT", $pid;
		print while <$socket>' "$PID" "$ADDRESS" "$@" >"$DIR/reply"
	STATUSES=$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/" "$1")
	cp "$DIR/1.head" "$HEAD"
}
arrived GET /named/x 'Host: x' 'Origin: https://a.example'
is "$STATUSES $(header Access-Control-Allow-Origin) $(header Access-Control-Allow-Credentials) $(header X-Tiles)" "503 https://a.example true yes" \
	"the 503 response has the fields of its location"
arrived GET /named/x 'Host: x' 'Origin: https://b.example'
is "$STATUSES $(header_count Access-Control-Allow-Origin) $(header Vary)" "503 0 Accept, Origin" \
	"an origin that is not listed is not allowed"
arrived GET /a.bin 'Host: s.example' 'origin:https://s.example '
is "$STATUSES $(header Access-Control-Allow-Origin)" "503 https://s.example" \
	"the 503 response has the fields of its site"
arrived HEAD /a.bin 'Host: x'
is "$STATUSES $(header Access-Control-Allow-Origin) $(header Content-Length)" "503 * 24" \
	"the 503 response to HEAD has the fields"
for odd in '%00' '/%2' '*' "/$(printf '%05000d' 0)"; do
	arrived GET "$odd" 'Host: x' 'Host: y' '(x): y'
	is "$STATUSES $(header Access-Control-Allow-Origin)" "503 *" \
		"the 503 response to a malformed request has the fields: ${odd:0:8}"
done
# libmicrohttpd 1.0 and later rejects these requests itself.
malformed="503 *"
! since_mhd_1 || malformed="400 "
arrived GET 'x y z' 'Host: x'
is "$STATUSES $(header Access-Control-Allow-Origin)" "$malformed" "blanks in the target"
arrived GET /a.bin 'Host: x' ': x' 'no colon'
is "$STATUSES $(header Access-Control-Allow-Origin)" "$malformed" "malformed field lines"
get /a.bin --interface 127.0.0.2
is "$STATUS" 200 "another client is served"

exec 9>&-
served() { get /a.bin; [ "$STATUS" = 200 ]; }
ok "a new connection is served after others have ended" await 5 served
finish
