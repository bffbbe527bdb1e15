#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A TLS connection that ends after a complete response, or after a header, ends with close_notify. An aborted response
# ends without it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_file a.bin 100 b.bin 60000000
mkdir "$ROOT/d"
start_tls "$(tls_pairs a)" 'idle_timeout = 500ms' 'header_timeout = 500ms' 'max_transfer_time = 1s' 'listing = true'

printf 'GET /b.bin HTTP/1.1\r\nHost: a.example\r\n\r\n' | timeout "$(seconds 30)" openssl s_client -quiet -connect "$TLS_ADDRESS" 2>"$DIR/cut" |
	perl -e 'select undef, undef, undef, 0.02 until -e $ARGV[0]; 1 while sysread STDIN, $_, 65536' "$DIR/go" & cut=$!

# NAME STATUSES TEXT: checks the responses, and that OpenSSL reports no premature end.
ends_well() {
	# shellcheck disable=SC2059
	printf "$3" | tls_wire >"$DIR/reply"
	is $? 0 "$1: OpenSSL reports no error"
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" "$2" "$1: the responses are complete"
	not_ok "$1: close_notify is sent" grep -iE 'unexpected eof|errno' "$DIR/s_client"
}

get="GET /a.bin HTTP/1.1\r\nHost: a.example\r\n"
ends_well "idle_timeout" 200 "$get\r\n"
ends_well "header_timeout" "" "$get"
ends_well "header_timeout in a second header" 200 "$get\r\n$get"
ends_well "no request" "" ""
ends_well "Connection: close" 200 "${get}Connection: close\r\n\r\n"
ends_well "HTTP/1.0" 200 'GET /a.bin HTTP/1.0\r\n\r\n'
ends_well "a listing without a length" 200 'GET /d/ HTTP/1.0\r\n\r\n'
ends_well "400" 400 "$get: x\r\n\r\n"
ends_well "400 for a length" 400 "${get}Content-Length: x\r\n\r\n"
ends_well "405" 405 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n'

ok "the transfer is aborted after max_transfer_time" await 10 grep -q 'GET /b\.bin' "$DIR/access.log"
touch "$DIR/go"
wait $cut
ok "an aborted response ends without close_notify" grep -iE 'unexpected eof|errno' "$DIR/cut"
finish
