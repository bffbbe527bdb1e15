#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The access log and the metrics state why a request was rejected, or why a connection ended before its response was
# complete.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_file a.bin 10007 large.bin 40000000
LISTEN=
config "$(tls_pairs a)" 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0", "127.0.0.2:0"}' \
	'access_format = "%s %m %{reason}x"' 'header_timeout = 20s' 'idle_timeout = 10m' 'max_connections_per_client = 8' \
	'proxy_protocol = {"127.0.1.0/24"}' 'min_rate = 16K' 'stall_timeout = 10s' \
	'location "/timed/" { max_transfer_time = 30s rate = 100K }' 'location "/rare/" { requests_per_client = 1 }' \
	'location "/closed/" { deny = "0.0.0.0/0" }'
mkdir "$ROOT/timed" "$ROOT/rare" "$ROOT/closed"
ln "$ROOT/large.bin" "$ROOT/timed/large.bin"
make_file rare/a.bin 100 closed/a.bin 100
control_clock
start_with_admin
find_tls_address
trap '' PIPE

open_connection() { eval "exec $1<>/dev/tcp/${ADDRESS%:*}/${2:-${ADDRESS##*:}}"; }
last_line() { tail -n 1 "$DIR/access.log"; }
lines() { wc -l <"$DIR/access.log"; }
logged_after() { [ "$(lines)" -gt "$1" ]; }
# EXPECTED NAME METRIC COMMAND...: runs the command, which must cause one line in the access log.
logs() {
	local before count metric=$3
	before=$(lines)
	take_numbers
	count=$(metric "$metric")
	"${@:4}"
	await 10 logged_after "$before" || diag "nothing was logged"
	is "$(last_line)" "$1" "$2"
	take_numbers
	is "$(metric "$metric")" $((count + 1)) "$2: the metric counts it"
}
disconnect() { echo "ranged_disconnects_total{reason=\"$1\"}"; }
rejection() { echo "ranged_rejected_total{reason=\"$1\"}"; }
status() { echo "ranged_requests_total{method=\"GET\",status=\"$1\"}"; }

get /a.bin
await 5 logged_after 0
is "$(last_line)" "200 GET -" "a request that was served has no reason"

# Requests and responses that the client or a timeout ends.
leave_in_header() {
	open_connection 5
	printf 'GET /a.bin HTTP/1.1\r\nHost' >&5
	await_metric 'ranged_connections{state="head"}' 1
	exec 5>&-
}
logs "499 GET client_before_response" "a client that leaves within the header" "$(disconnect client_before_response)" leave_in_header
leave_in_response() {
	open_connection 5
	printf 'GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n' >&5
	head -c 1000 <&5 >/dev/null
	exec 5>&-
}
logs "200 GET client_in_response" "a client that leaves within the response" "$(disconnect client_in_response)" leave_in_response
time_out() { # SECONDS TEXT
	open_connection 5
	# shellcheck disable=SC2059
	printf "$2" >&5
	await_metric "ranged_connections{state=\"$3\"}" 1
	advance "$1" 1
}
logs "408 GET header_timeout" "an incomplete header" "$(disconnect header_timeout)" time_out 21 'GET /a.bin HTTP/1.1\r\nHost' head
logs "408 - header_timeout" "an incomplete request line" "$(disconnect header_timeout)" time_out 21 'GET /a' head
logs "200 GET min_rate" "a client that reads nothing" "$(disconnect min_rate)" time_out 25 'GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n' send
# Downloads a file whose rate is limited, in the background, until the connection ends.
start_download() {
	open_connection 5
	printf 'GET /timed/large.bin HTTP/1.1\r\nHost: x\r\n\r\n' >&5
	cat <&5 >/dev/null 2>&1 & client=$!
	await_metric 'ranged_connections{state="send"}' 1
	exec 5>&-
}
run_out_of_time() {
	start_download
	advance 31
	wait "$client"
}
logs "200 GET max_transfer_time" "a transfer that takes too long" "$(disconnect max_transfer_time)" run_out_of_time

# Rejections of a request.
exceed_requests() {
	get /rare/a.bin
	release_clock
}
before=$(lines)
hold_clock # between the request within the limit and the one over it
get /rare/a.bin
await 10 logged_after "$before"
logs "429 GET requests_per_client" "a request over the limit of its client" "$(rejection requests_per_client)" exceed_requests
logs "403 GET access" "a request from an address that is denied" "$(rejection access)" get /closed/a.bin
logs "400 GET bad_request" "an invalid request" "$(rejection bad_request)" ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'
before=$(lines)
get /missing
await 5 logged_after "$before"
is "$(last_line)" "404 GET -" "a missing file needs no reason"

# Rejections before a request.
plain_to_tls() {
	open_connection 5 "$TLS_PORT"
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' >&5
	cat <&5 >/dev/null 2>&1
	exec 5>&-
}
logs "400 - tls_handshake" "a request without TLS to a listener with TLS" "$(disconnect tls_handshake)" plain_to_tls
no_proxy_header() {
	get /a.bin --interface 127.0.1.1
}
logs "400 - proxy_protocol" "a connection without a PROXY header" "$(rejection proxy_protocol)" no_proxy_header
hold_connections() {
	local i
	for i in 11 12 13 14 15 16 17 18; do open_connection "$i"; done
	get /a.bin
	for i in 11 12 13 14 15 16 17 18; do eval "exec $i>&-"; done
}
logs "503 GET max_connections_per_client" "a connection over the limit of its client" "$(rejection max_connections_per_client)" hold_connections

# A connection that says nothing, such as a health check, is not logged.
before=$(lines)
open_connection 5
exec 5>&-
open_connection 5 "$TLS_PORT"
exec 5>&-
get /a.bin
await 5 logged_after "$before"
is "$(lines)" $((before + 1)) "connections without a byte are not logged"

# The end of the process.
start_download
kill -TERM "$PID"
await_server 5 grep -q 'draining 1 connection ' "$DIR/error.log"
kill -TERM "$PID"
end_ranged
is $? 0 "the exit status is 0"
wait $client
is "$(last_line)" "200 GET shutdown" "a transfer that is aborted by a second signal"
finish
