#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The monitor listener closes connections of slow clients: idle ones after 75 s, and ones that receive a response slowly
# after 30 s.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'monitor = "127.0.0.1:0"'
control_clock
start_ranged
ADDRESS=$(sed -n "s/.*monitor listener on //p" "$DIR/error.log")
URL=http://$ADDRESS
client() { # NAME WIRE-OPTION...: sends standard input
	wire -t "$(seconds 60)" "${@:2}" >"$DIR/$1"
	echo $? >"$DIR/$1.end"
}
ended() { [ -s "$DIR/$1.end" ]; }
connections() { [ "$(threads 'MHD-connection' | wc -l)" = "$1" ]; }

# The responses are longer than the buffers of the sockets.
yes $'GET /metrics HTTP/1.1\r\nHost: x\r\n\r' | head -n 600 | client slow -b 4096 -f 100000 -p "$DIR/slow" &
ok "a slow client receives the first bytes" await 10 test -e "$DIR/slow.reached"
client idle </dev/null &
printf 'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n' | client used &
printf 'GET /readyz HTTP/1.1\r\nHost: x\r\nX-Slow: ' | client part -f 1000000 &
ok "all clients are connected" await 10 connections 4
ok "another client receives its response" await 10 grep -q serving "$DIR/used"
advance 31
ok "the client that does not receive is disconnected after 30 s" await 10 connections 3
advance 29
for name in idle used part; do not_ok "after 60 s the connection is open: $name" ended $name; done
get /readyz
is "$STATUS" 200 "the listener answers"
advance 16
for name in idle used part; do ok "after 76 s the connection is closed: $name" await 10 ended $name; done
not_ok "the incomplete request got no response" grep -q HTTP "$DIR/part"
touch "$DIR/slow.go"
ok "the slow client ends" await 10 ended slow
finish
