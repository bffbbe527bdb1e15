#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 100 clients of the admin listener, idle or asking all the time, disturb nobody: they are few at a time, and cost workers nothing.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100000
start_with_admin --workers 1
before=$(threads '*' | wc -l)
fds=$(fd_count)
perl -MIO::Socket::INET -e 'my @s = map { IO::Socket::INET->new($ARGV[0]) } 1..100; $| = 1; print "there\n"; <STDIN>' "$ADMIN" \
	< <(while [ ! -e "$DIR/stop" ]; do sleep 0.05; done) >"$DIR/crowd" &
crowd=$!
await 5 grep -q there "$DIR/crowd"
sleep 0.3
at_most "$(fd_count)" $((fds + 40)) "few of 100 are let in"
at_most "$(threads '*' | wc -l)" $((before + 40)) "with few threads"
ask_admin /healthz
like "$STATUS" '^(503|000)$' "the next one is told to come back"
ask_socket /healthz
is "$STATUS" 200 "but not on the Unix socket, where there is room for those who may"
for i in 1 2 3; do
	get /a.bin
	cmp_whole a.bin "files are served, time $i"
done
touch "$DIR/stop"
wait $crowd
healthy() { ask_admin /healthz; [ "$STATUS" = 200 ]; }
ok "when they have left there is room again" await 5 healthy

for _ in $(seq 20); do
	for path in /metrics /status /healthz /readyz /nope; do echo "url = \"http://$ADMIN$path\""; echo 'output = "/dev/null"'; done
done >"$DIR/curls"
curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 100 --config "$DIR/curls" 2>/dev/null &
curls=$!
for i in 1 2 3; do
	get /a.bin
	cmp_whole a.bin "and while 100 ask, time $i"
done
wait $curls
ok "it lives" await 5 healthy
few() { [ "$(threads '*' | wc -l)" -le "$before" ]; }
ok "and no thread is left" await 5 few

# One that says half a request, and one that goes away in the middle of an answer.
printf 'GET /met' | perl "$LIB/wire.pl" "$ADMIN" >/dev/null 2>&1 &
for _ in 1 2 3 4 5; do printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n' | perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new($ARGV[0]); print $s <STDIN>' "$ADMIN"; done
ok "neither harms it" healthy
stop_ranged
finish
