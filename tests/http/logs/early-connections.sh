#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Input that is no HTTP request has one line in the access log, with its address, a status and a reason, and is counted
# once. A connection without input has no line.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"
. "$LIB/tls.sh"

make_certificate a a.example
make_file a.bin 100
LISTEN=
config "$(tls_pairs a)" 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' 'access_format = "%h %s \"%r\" %{reason}x"' \
	'proxy_protocol = {"127.0.1.0/24"}' "site \"a.example\" { access_log = $DIR/a.log }"
start_with_admin
trap '' PIPE # the server may close the connection before it has received the whole text
find_tls_address

lines() { wc -l <"$DIR/access.log"; }
has_lines() { [ "$(lines)" -ge "$1" ]; }
count() { take_numbers && metric "ranged_$1"; }
rejected() { echo "rejected_total{reason=\"$1\"}"; }
left='disconnects_total{reason="client_before_response"}'
# NAME COUNTER LINES COMMAND...: runs the command, which must cause these lines, and increase this counter by one.
logs() {
	local before expected counted
	before=$(lines)
	counted=$(count "$2")
	expected=$(wc -l <<<"$3")
	"${@:4}" 2>/dev/null
	await 10 has_lines $((before + expected)) || diag "nothing was logged"
	is "$(tail -n +$((before + 1)) "$DIR/access.log")" "$3" "$1"
	is "$(count "$2")" $((counted + 1)) "$1: it is counted"
}
# TEXT...: sends each text after a response to the one before, and waits until the server closes the connection.
converse() {
	local text
	exec 5<>"/dev/tcp/127.0.0.1/${ADDRESS##*:}"
	for text; do
		# shellcheck disable=SC2059
		printf "$text" >&5
		[ "$text" = "${!#}" ] || read -r -N 100 -t "$(seconds 10)" _ <&5
	done
	timeout "$(seconds 10)" cat <&5 >/dev/null
	exec 5>&-
}
# TEXT: sends a text, and closes the connection.
leave() {
	exec 5<>"/dev/tcp/127.0.0.1/${ADDRESS##*:}"
	# shellcheck disable=SC2059
	printf "$1" >&5
	exec 5>&-
}
reject() { logs "$1" "$(rejected "$2")" "127.0.0.1 $3 \"-\" $2" converse "$4"; } # NAME REASON STATUS TEXT

reject "a line without blanks" bad_request 400 'garbage\r\n\r\n'
reject "a request line without a version" bad_request 400 'GET /a.bin\r\n\r\n'
reject "an invalid version" bad_request 400 'GET /a.bin HTTP/1.1.1\r\n\r\n'
reject "another protocol" bad_request 400 'GET /a.bin ICAP/1.0\r\n\r\n'
reject "a future version" bad_request 505 'GET /a.bin HTTP/3.0\r\n\r\n'
reject "HTTP/2 without negotiation" http2 505 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
reject "a request line that is too long" bad_request 414 "GET /$(printf '%050000d' 0) HTTP/1.1\r\n\r\n"
logs "a ClientHello" "$(rejected plain_tls)" '127.0.0.1 400 "-" plain_tls' leave '\026\003\001\002\000\001\000\001\374\003\003abc'
good='GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n'
served='127.0.0.1 200 "GET /a.bin HTTP/1.1" -'
logs "input after a request" "$(rejected bad_request)" "$served
127.0.0.1 400 \"-\" bad_request" converse "$good" 'garbage\r\n\r\n'
logs "input directly after a request" "$(rejected bad_request)" "$served
127.0.0.1 400 \"-\" bad_request" converse "${good}garbage\r\n\r\n"
logs "a client that leaves within the request line" "$left" '127.0.0.1 499 "-" client_before_response' leave 'GET /a'
logs "a client that leaves within the header" "$left" '127.0.0.1 499 "GET /a HTTP/1.1" client_before_response' leave 'GET /a HTTP/1.1\r\nHo'
reject_field() { # NAME STATUS FIELDS
	logs "$1" "$(rejected bad_request)" "127.0.0.1 $2 \"GET /a.bin HTTP/1.1\" bad_request" converse "GET /a.bin HTTP/1.1\r\n$3\r\n\r\n"
}
reject_field "a field without a colon" 400 'Host: x\r\nabc'
reject_field "an invalid Content-Length" 400 'Host: x\r\nContent-Length: +5'
reject_field "a huge Content-Length" 413 'Host: x\r\nContent-Length: 99999999999999999999999'
reject_field "a header that is too large" 431 "Host: x\r\nA: $(printf '%050000d' 0)"
reject_field "a request without a host" 400 'A: b'
before=$(lines)
converse 'GET /a.bin HTTP/1.1\r\nHost: a.example\r\nContent-Length: +5\r\n\r\n'
is "$(lines) $(cat "$DIR/a.log")" "$before 127.0.0.1 400 \"GET /a.bin HTTP/1.1\" bad_request" \
	"an invalid request with a valid host is in the log of its site"

through_proxy() { printf 'PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\ngarbage\r\n\r\n' | wire -i 127.0.1.1; }
logs "garbage after a PROXY header" "$(rejected bad_request)" '192.0.2.7 400 "-" bad_request' through_proxy
in_tls() { printf 'garbage\r\n\r\n' | tls_wire -ign_eof >/dev/null; }
logs "garbage within TLS" "$(rejected bad_request)" '127.0.0.1 400 "-" bad_request' in_tls

before=$(lines)
printf 'Q\n' | timeout "$(seconds 10)" openssl s_client -connect "127.0.0.1:$TLS_PORT" >/dev/null 2>&1
leave ''
leave '\r\n'
ask_admin /healthz
printf 'garbage\r\n\r\n' | perl "$LIB/wire.pl" "$ADMIN" >"$DIR/reply"
get /a.bin
await 10 has_lines $((before + 1))
is "$(tail -n +$((before + 1)) "$DIR/access.log")" "$served" "connections without a request, and the admin listener, have no lines"
finish
