#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client that has not sent the whole header within header_timeout is disconnected, even if it keeps sending bytes.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'header_timeout = 60s'
control_clock
start_ranged
sockets=$(socket_count)
connected() { [ "$(socket_count)" -gt "$sockets" ]; }

# NAME WIRE-OPTION...: sends $DIR/request. The connection is open 50 s later, and closed 111 s later, because the time begins
# again when the request line has arrived.
is_disconnected() {
	local client
	await 10 sockets_at_most "$sockets"
	wire -t "$(seconds 60)" "${@:2}" <"$DIR/request" >"$DIR/reply" & client=$!
	await 10 connected
	advance 50 5
	get /a.bin
	is "$STATUS" 200 "another client is served"
	ok "$1: the connection is open before header_timeout" kill -0 $client
	advance 61
	wait $client
	like "$?" '^[04]$' "$1: the connection is closed after header_timeout"
}

: >"$DIR/request"
is_disconnected "a client that sends nothing"
printf 'GET /a.bin HTTP/1.1\r\nHost: %08000d\r\n\r\n' 0 >"$DIR/request"
is_disconnected "a client that sends one byte at a time" -c 1 -d 0.005
is "$(cat "$DIR/reply")" "" "the incomplete request is not served"
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: ' >"$DIR/request"
is_disconnected "a client that sends half of its second request"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "its first request is served"
finish
