#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Long responses of many files leave descriptors to new connections. A request for one more file from the disk is
# answered with 503. A file in the cache is served.
. "$(dirname "$0")/../lib.sh"

make_file hot.bin 1000
make_file late.bin 1000
for i in $(seq 200); do
	truncate -s 20000000 "$ROOT/$i.bin"
done
age "$ROOT"/*.bin
# shellcheck disable=SC2016
PREFIX=(bash -c 'ulimit -n 400 && exec "$@"' bash)
config 'workers = 2' 'max_connections_per_client = 0' 'min_rate = 0' 'location "/hot.bin" { cache = pin }'
start_ranged
get /hot.bin

# Opens a connection for each file, prints the number of each status, and does not read the bodies.
mkfifo "$DIR/hold"
perl -MSocket -e '
	my ($address, $count) = @ARGV;
	my ($host, $port) = split /:/, $address;
	my (@sockets, %statuses);
	for my $i (1 .. $count) {
		socket my $socket, PF_INET, SOCK_STREAM, 0 or die;
		setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 4096;
		connect $socket, pack_sockaddr_in $port, inet_aton $host or die;
		syswrite $socket, "GET /$i.bin HTTP/1.1\r\nHost: x\r\n\r\n";
		sysread $socket, my $head, 12;
		$statuses{$head =~ / (\d+)/ ? $1 : "closed"}++;
		push @sockets, $socket;
	}
	$| = 1;
	print join(" ", map "$_:$statuses{$_}", sort keys %statuses), "\n";
	<STDIN>' "$ADDRESS" 200 <"$DIR/hold" >"$DIR/statuses" &
exec 9>"$DIR/hold"
ok "200 requests are answered" await 20 test -s "$DIR/statuses"
like "$(cat "$DIR/statuses")" '^200:1[3-7][0-9] 503:[2-7][0-9]$' "the files do not use all descriptors"
get /hot.bin --max-time "$(seconds 5)"
is "$RC $STATUS" "0 200" "a further connection is served from the cache"
get /late.bin --max-time "$(seconds 5)"
is "$RC $STATUS" "0 503" "a further connection does not open a file"
exec 9>&-
served() { get /late.bin && [ "$STATUS" = 200 ]; }
ok "the file is served when other responses have ended" await 10 served
finish
