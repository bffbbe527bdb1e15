#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first TLS listener is added by a reload while clients connect: a worker passes connections to a worker that has
# not applied the configuration yet. After a reload that fails for lack of descriptors, the next reload succeeds.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_file a.bin 5000
make_certificate one a.example
LISTEN=''
CACHE=''
plain=unix:$DIR/plain.sock
for round in 1 2; do
	port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport')
	config "listen = \"$plain\"" 'cache_size = 16M'
	start_ranged --workers 8
	touch "$DIR/go"
	for i in 1 2 3 4; do
		while [ -e "$DIR/go" ]; do
			curl -sS -m "$(seconds 5)" --cacert "$DIR/one.pem" --connect-to "::127.0.0.1:$port" -o /dev/null https://a.example/a.bin && touch "$DIR/served"
		done 2>/dev/null &
		knockers[i]=$!
	done
	# The reload also enlarges the cache, which takes some time, so clients wait in the queue.
	config "listen = {\"$plain\", \"tls:127.0.0.1:$port\"}" "$(tls_pairs one)" 'cache_size = 256M'
	reload_ranged
	ok "round $round: TLS is served" await 10 test -e "$DIR/served"
	rm -f "$DIR/go" "$DIR/served"
	wait "${knockers[@]}"
	stop_ranged
done

config "listen = \"$plain\"" 'cache_size = 16M'
start_ranged --workers 2
few=$(fd_count)
limit=$(prlimit --pid "$PID" --nofile --noheadings --output HARD)
for more in 3 5 6 7 8 9; do
	prlimit --pid "$PID" --nofile="$((few + more)):$limit"
	config "listen = {\"$plain\", \"tls:127.0.0.1:0\"}" "$(tls_pairs one)" 'cache_size = 16M'
	reload_ranged
	config "listen = \"$plain\"" 'cache_size = 16M'
	reload_ranged
done
prlimit --pid "$PID" --nofile="$limit:$limit"
config "listen = {\"$plain\", \"unix:$DIR/more.sock\"}" 'cache_size = 16M'
reload_ranged
ok "requests are served after reloads that failed for lack of descriptors" curl -sS --unix-socket "$DIR/plain.sock" -o "$BODY" http://x/a.bin
cmp_whole a.bin "the right bytes"
ok "a listener that was added after these reloads is served" curl -sS --unix-socket "$DIR/more.sock" -o "$BODY" http://x/a.bin
stop_ranged
finish
