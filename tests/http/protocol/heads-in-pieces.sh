#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The response does not depend on the way in which the header arrives: byte by byte, after other requests, or over TLS.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_file a.bin 100
make_certificate a a.example
control_clock
start_tls "$(tls_pairs a)"
host='Host: a.example\r\n'
first="GET /a.bin HTTP/1.1\r\n$host\r\n"
end='\r\n'
fields=$(perl -e 'printf "X-%03d: %s\\r\\n", $_, "v" x 80 for 1 .. 60')

# NAME STATUS HEAD
each_way() {
	ask "$3" -c 1
	like "$STATUSES $RC" "^$2 [04]\$" "$1, byte by byte"
	ask "$first$first$3"
	is "$STATUSES $RC" "200 200 $2 0" "$1, after two requests"
	# shellcheck disable=SC2059
	printf "$first$3" | tls_wire >"$DIR/reply"
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" "200 $2" "$1, over TLS"
}

each_way "a valid header" 200 "GET /a.bin?a=b&c=d HTTP/1.1\r\n${host}X:  y \r\nEmpty:\r\nCookie: a=b; c=d\r\nConnection: close\r\n$end"
each_way "a long header" 200 "GET /a.bin HTTP/1.1\r\n$host${fields}Connection: close\r\n$end"
each_way "a header without fields" 200 "GET /a.bin HTTP/1.0\r\n$end"
each_way "an empty name" 400 "GET /a.bin HTTP/1.1\r\n$host: x\r\n$first"
each_way "a NUL in a value" 400 "GET /a.bin HTTP/1.1\r\n${host}X: a\\0b\r\n$end"
each_way "a folded line" 400 "GET /a.bin HTTP/1.1\r\n${host}X: a\r\n b\r\n$end"
each_way "bare LF" 400 "GET /a.bin HTTP/1.1\r\n${host}X: a\n$end"
each_way "a bad length" 400 "GET /a.bin HTTP/1.1\r\n${host}Content-Length: +5\r\n$end"
each_way "a huge length" 413 "GET /a.bin HTTP/1.1\r\n${host}Content-Length: 99999999999999999999999\r\n$end"

# The connection is closed at once, with the complete response, while an older connection is idle.
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -t "$(seconds 30)" -f 1 -p "$DIR/idle" >"$DIR/idle.out" & idle=$!
await 10 test -e "$DIR/idle.reached"
hold_clock
ask "HEAD\\0 /a.bin HTTP/1.1\r\n$host\r\n"
release_clock
isnt "$RC" 3 "a method with a NUL is answered and the connection is closed at once: the clock stands still"
[[ $STATUSES = 400 ]] || since_mhd_1 || fail "a method with a NUL is answered with 400" "$STATUSES"
kill $idle
finish
