#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# proxy_protocol and limits: a connection that waits for its PROXY header is counted, is closed after header_timeout,
# and does not delay the stop. Limits per client apply to the client in the header.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000
config 'proxy_protocol = {"127.0.1.0/24"}' 'max_connections = 8' 'max_connections_per_client = 2' 'header_timeout = 60s'
control_clock
start_ranged

hold() { # COUNT ADDRESS: opens connections that send nothing
	mkfifo "$DIR/held"
	perl "$LIB/crowd.pl" "$1" "$ADDRESS" "" "$2" <"$DIR/held" >"$DIR/crowd" &
	crowd=$!
	exec 9>"$DIR/held"
	rm "$DIR/held"
	await 5 all_open "$1"
}
all_open() { [ "$(wc -l <"$DIR/crowd")" -ge "$1" ]; }
let_go() { exec 9>&-; wait "$crowd"; }

hold 8 127.0.1.1
get /a.bin
is "$STATUS" 503 "connections that wait for a header count for max_connections"
served() { get /a.bin; [ "$STATUS" = 200 ]; }
advance 61
ok "they are closed after header_timeout" await 5 served
ok "the timeout is logged" await 10 grep -q 'no complete PROXY header within header_timeout' "$DIR/error.log"
let_go

header='PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n'
for i in 1 2 3; do
	mkfifo "$DIR/in$i"
	wire -i 127.0.1.1 -f 1 -p "$DIR/at$i" <"$DIR/in$i" >"$DIR/out$i" &
	# shellcheck disable=SC2059
	printf "${header}GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n" >"$DIR/in$i"
	await 5 test -e "$DIR/at$i.reached"
done
ok "max_connections_per_client applies to the client in the header" await 5 grep -q 'max_connections_per_client reached' "$DIR/error.log"
touch "$DIR/at1.go" "$DIR/at2.go" "$DIR/at3.go"
ask "PROXY TCP4 192.0.2.2 198.51.100.2 12345 80\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" -i 127.0.1.1
is "$STATUS" 200 "another client is served"

stop_ranged
start_ranged
hold 2 127.0.1.1
start=$SECONDS
stop_ranged
at_most $((SECONDS - start)) $((3 * RANGED_SLOW)) "connections that wait for a header do not delay the stop"
finish
