#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 100 clients of the admin listener, idle or active, do not disturb other clients: few are served at the same time, and
# the workers are not involved.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100000
start_with_admin --workers 1
before=$(threads 'ranged-admin*' | wc -l)
fds=$(fd_count)
perl -MIO::Socket::INET -e 'my @s = map { IO::Socket::INET->new($ARGV[0]) } 1..100; $| = 1; print "there\n"; <STDIN>' "$ADMIN" \
	< <(while [ ! -e "$DIR/stop" ]; do sleep 0.05; done) >"$DIR/crowd" &
crowd=$!
await 5 grep -q there "$DIR/crowd"
sleep 0.3
at_most "$(fd_count)" $((fds + 40)) "few of 100 clients are accepted"
at_most "$(threads 'ranged-admin*' | wc -l)" $((before + 40)) "few threads serve them"
ask_admin /healthz
like "$STATUS" '^(503|000)$' "another client gets 503 or is closed"
ask_socket /healthz
is "$STATUS" 200 "a client of the Unix socket is served"
for i in 1 2 3; do
	get /a.bin
	cmp_whole a.bin "files are served, request $i"
done
touch "$DIR/stop"
wait $crowd
healthy() { ask_admin /healthz; [ "$STATUS" = 200 ]; }
ok "new clients are accepted after the others have left" await 5 healthy

for _ in $(seq 20); do
	for path in /metrics /status /healthz /readyz /nope; do echo "url = \"http://$ADMIN$path\""; echo 'output = "/dev/null"'; done
done >"$DIR/curls"
curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 100 --config "$DIR/curls" 2>/dev/null &
curls=$!
for i in 1 2 3; do
	get /a.bin
	cmp_whole a.bin "files are served while 100 clients send requests, request $i"
done
wait $curls
ok "the admin listener answers" await 5 healthy
few() { [ "$(threads 'ranged-admin*' | wc -l)" -le "$before" ]; }
ok "no thread of the admin listener is left" await 5 few

# One client sends half a request, others disconnect during a response.
printf 'GET /met' | perl "$LIB/wire.pl" "$ADMIN" >/dev/null 2>&1 &
for _ in 1 2 3 4 5; do printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n' | perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new($ARGV[0]); print $s <STDIN>' "$ADMIN"; done
ok "the admin listener still answers" healthy
stop_ranged
finish
