#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many clients wait when a FUSE filesystem stops to respond, with and without TLS: each gets a 503, and none needs a
# thread or a descriptor of its own. Clients that disconnect meanwhile are noticed at once. A request that was pipelined
# behind a rejected one is answered. A stop does not wait for the filesystem.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../storage.sh"
. "$(dirname "$0")/../../http/admin.sh"
. "$(dirname "$0")/../../http/tls.sh"

need_fuse
export TSAN_OPTIONS=${TSAN_OPTIONS:-}:report_thread_leaks=0 # A process that ends while a thread hangs joins no other thread.
mkdir -p "$DIR/source/new" "$DIR/mount" "$DIR/local"
(cd "$DIR/source/new" && for i in $(seq 2000); do echo "$i" >"$i"; done)
ROOT=$DIR/local make_file a.bin 50000
start_mirror "$DIR/source" "$DIR/mount"
make_certificate a a.example
config 'listen = {"127.0.0.1:0", "tls:127.0.0.1:0"}' "$(tls_pairs a)" 'disk_queue_timeout = 1s' 'disk_depth = 32' "root = \"$DIR/mount\"" \
	'max_connections_per_client = 0' 'open_file_cache = 32' 'drain_timeout = 1s' "site \"local\" { root = \"$DIR/local\" }"
ROOT=
LISTEN=
control_clock
start_with_admin
PLAIN=$URL
TLS_ADDRESS=$(sed -n 's/^tls://p' "$DIR/address")
LATE=$(seconds 2000)
working() { take_numbers && [ "$(metric 'ranged_connections{state="work"}')" = "$1" ]; }
served x /new/2000
served local /a.bin
all_idle() { sockets_at_most "$1" && fds_at_most "$2"; }

for way in plain secure; do
	URL=$PLAIN extra=
	[ $way = plain ] || { URL=https://$TLS_ADDRESS extra=insecure; }
	first=$([ $way = plain ] && echo 1 || echo 1001)
	sockets=$(socket_count) fds=$(fd_count)
	hang "$MIRROR"

	# Each of these clients waits for a lookup. While the clock stands still, none waits too long.
	hold_clock
	perl "$LIB/crowd.pl" 50 "${PLAIN#http://}" "/new/#?$first" < <(exec sleep 60) >"$DIR/crowd" 2>&1 &
	crowd=$!
	ok "$way: 50 clients wait" await 20 working 50
	advance 0.4 # A client may end its side of the connection within 0.25 s. The lookups time out after 1 s.
	kill $crowd
	ok "$way: the connections of clients that left are closed while the filesystem hangs" await 20 working 0
	release_clock

	# shellcheck disable=SC2046
	CURL_EXTRA=$extra ask_all x $(seq -f '/new/%g' "$first" $((first + 199))) >"$DIR/waiting"
	all_rejected "$way: 200 clients" "$DIR/waiting" 200 "$LATE"
	at_most "$(thread_count)" 40 "$way: the number of threads does not depend on the number of clients"

	request='GET /new/1900 HTTP/1.1\r\nHost: x\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: local\r\n\r\nGET /new/1901 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
	# shellcheck disable=SC2059
	printf "$request" | if [ $way = plain ]; then wire; else tls_wire; fi >"$DIR/reply"
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/" "GET GET GET")" "503 200 503" "$way: pipelined requests are answered in their order"
	cmp_whole "$DIR/local/a.bin" "$way: the body of the second one is correct" "$DIR/2.body"

	heal "$MIRROR"
	URL=$PLAIN
	ok "$way: the filesystem is served again" await 3 served x "/new/$((first + 500))"
	# The files of open_file_cache remain open.
	ok "$way: no connection and no descriptor is left" await 20 all_idle "$sockets" $((fds + 80))
done

hang "$MIRROR"
hold_clock
# shellcheck disable=SC2046
ask_all x $(seq -f '/new/%g' 1601 1650) >"$DIR/waiting" &
waiting=$!
ok "50 clients wait" await 20 working 50
kill -TERM "$PID"
release_clock
ok "ranged stops although the filesystem does not respond" await 10 grep -q 'exiting with\|: stopped' "$DIR/error.log"
wait $waiting
is "$(grep -cv '^[05]' "$DIR/waiting")" 0 "no request was answered with a success"
heal "$MIRROR"
end_ranged
finish
