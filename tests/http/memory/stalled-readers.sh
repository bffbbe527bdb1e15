#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that stall in the middle of files of about 1 MiB do not exhaust the arena: other clients are served.
. "$(dirname "$0")/../lib.sh"

CACHE=16M
make_file a.bin 1000000
make_file b.bin 10007
start_ranged
# Forty clients request 40 MB in extents, of a cache of 16 MB.
# shellcheck disable=SC2016
perl -MSocket -e '
	my ($host, $port) = split /:/, $ARGV[0];
	my @held;
	for (1 .. 40) {
		socket my $socket, PF_INET, SOCK_STREAM, 0 or die;
		setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 4096;
		connect $socket, sockaddr_in($port, inet_aton $host) or die "connect: $!";
		syswrite $socket, "GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n";
		push @held, $socket;
	}
	$| = 1;
	print "held\n";
	sleep' "$ADDRESS" >"$DIR/crowd" &
crowd=$!
ok "forty clients stall" await 20 grep -q held "$DIR/crowd"
settled() { # returns true if nothing was sent since the last call
	local before=$SENT
	take_stats
	SENT=$(stat_of bytes 'stats bytes')
	[ "$SENT" = "$before" ]
}
SENT=
ok "ranged sends nothing more to them" await 10 settled
for i in 1 2 3; do
	get "/b.bin?$i" --max-time "$(seconds 5)"
	cmp_whole b.bin "a small file is served to another client"
	get "/a.bin?$i" --max-time "$(seconds 5)"
	cmp_whole a.bin "a large file is served to another client"
done
kill $crowd
finish
