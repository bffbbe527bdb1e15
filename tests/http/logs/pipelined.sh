#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A request that a client sends together with the request before it has one line in the access log and is counted once,
# also if libmicrohttpd rejects it, or if it is incomplete when the connection ends.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"
. "$LIB/tls.sh"

make_certificate a a.example
make_file a.bin 100
LISTEN=
config "$(tls_pairs a)" 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' 'access_format = "%v %s \"%r\" %{reason}x"' \
	'idle_timeout = 1m' 'site "a.example" { }' 'site "b.example" { }'
control_clock
start_with_admin
trap '' PIPE # the server may close the connection before it has received the whole text
find_tls_address

lines() { wc -l <"$DIR/access.log"; }
has_lines() { [ "$(lines)" -ge "$1" ]; }
# Prints the sums of the counters of requests, rejections and disconnections.
counts() {
	take_numbers
	awk '/^ranged_(requests|rejected|disconnects)_total/ { sub(/{.*/, "", $1); sum[$1] += $2 }
		END { print sum["ranged_requests_total"], sum["ranged_rejected_total"], sum["ranged_disconnects_total"] }' "$DIR/metrics"
}
good='GET /a.bin HTTP/1.1\r\nHost: a.example\r\n\r\n' served='a.example 200 "GET /a.bin HTTP/1.1" -'
# NAME LINE REQUESTS REJECTIONS DISCONNECTIONS COMMAND...: runs the command, which sends $good and another request.
logs() {
	local before requests rejections disconnections
	before=$(lines)
	read -r requests rejections disconnections < <(counts)
	"${@:6}" 2>/dev/null
	await 10 has_lines $((before + 2)) || diag "a line is missing"
	await 5 has_metric 'ranged_connections{state="idle"}' 0
	is "$(tail -n +$((before + 1)) "$DIR/access.log")" "$served
$2" "$1"
	is "$(counts)" "$((requests + $3)) $((rejections + $4)) $((disconnections + $5))" "$1: it is counted once"
}
plain() {
	# shellcheck disable=SC2059
	printf "$good$1" | wire >/dev/null
}
tls() {
	env printf "$good$1" | tls_wire -ign_eof >/dev/null
}
rejected() { # NAME STATUS FIELDS [WAY]
	logs "$1${4:+ over $4}" "b.example $2 \"GET /b HTTP/1.1\" bad_request" 2 1 0 "${4:-plain}" \
		"GET /b HTTP/1.1\r\nHost: b.example\r\nB: c\r\n$3"
}
rejected "a field without a colon" 400 'bad header\r\n\r\n'
rejected "a field without a colon" 400 'bad header\r\n\r\n' tls
rejected "a huge Content-Length" 413 'Content-Length: 99999999999999999999999\r\n\r\n'
rejected "a header that is too large" 431 "A: $(printf '%020000d' 0)\r\n\r\n"
rejected "an invalid chunk" 400 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'
logs "garbage" '- 400 "-" bad_request' 1 1 0 plain 'garbage\r\n\r\n'
logs "garbage over tls" '- 400 "-" bad_request' 1 1 0 tls 'garbage\r\n\r\n'

# TEXT HOW: sends $good and an incomplete request, and ends the connection after the first response, or at the idle timeout.
leave() {
	local before
	before=$(lines)
	exec 5<>"/dev/tcp/127.0.0.1/${ADDRESS##*:}"
	env printf "$good$1" >&5 # with one write, in contrast to the command of bash
	[ "$2" != closes ] || read -r -N 300 -t "$(seconds 10)" _ <&5
	await 10 has_lines $((before + 1))
	[ "$2" != "times out" ] || { advance 61 1; timeout "$(seconds 10)" cat <&5 >/dev/null; }
	exec 5>&- # a client that has not read the response resets the connection
}
for how in closes resets; do
	logs "an incomplete request line, the client $how" '- 499 "-" client_before_response' 1 0 1 leave 'GET /b' "$how"
	logs "an incomplete header, the client $how" 'b.example 499 "GET /b HTTP/1.1" client_before_response' 2 0 1 \
		leave 'GET /b HTTP/1.1\r\nHost: b.example\r\nB: c\r\nA' "$how"
done
logs "a blank line before an incomplete request line" '- 499 "-" client_before_response' 1 0 1 leave '\r\nGET /b' closes
logs "an incomplete request line at the timeout" '- 408 "-" idle_timeout' 1 0 1 leave 'GET /b' "times out"
before=$(lines)
leave '' closes
leave '\r\n' closes
leave '' resets
is "$(tail -n +$((before + 1)) "$DIR/access.log")" "$served
$served
$served" "a connection that ends after its last request has no other line"
finish
