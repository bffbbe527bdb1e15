#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that stall in the middle of files of about a MiB do not use up the arena: others are served meanwhile.
. "$(dirname "$0")/../lib.sh"

CACHE=16M
make_file a.bin 1000000
make_file b.bin 10007
start_ranged
# Forty of them want 40 MB in blocks, out of 16.
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
ok "forty stall" await 20 grep -q held "$DIR/crowd"
settled() { # nothing was sent since the last call
	local before=$SENT
	take_stats
	SENT=$(stat_of bytes 'stats bytes')
	[ "$SENT" = "$before" ]
}
SENT=
ok "ranged sends nothing more to them" await 10 settled
for i in 1 2 3; do
	get "/b.bin?$i" --max-time "$(seconds 5)"
	cmp_whole b.bin "a small file is served meanwhile"
	get "/a.bin?$i" --max-time "$(seconds 5)"
	cmp_whole a.bin "a large one too"
done
kill $crowd
finish
