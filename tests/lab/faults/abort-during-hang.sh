#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client that disconnects while its response waits for the disk is noticed at once, before the disk answers: in
# mid-body and before the first byte, by a reset and by the end of the connection.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../../http/admin.sh"

need_fuse
mkdir "$DIR/source" "$DIR/mirror"
ROOT=$DIR/source
make_file a.bin 20000000 b.bin 1000000 c.bin 20000000
start_faultfs "$DIR/source" "$DIR/mirror"
ROOT=$DIR/mirror
CACHE=16M
start_with_admin --workers 1
ROOT=$DIR/source
connected() { take_numbers && [ "$(awk '/^ranged_connections\{/ { sum += $2 } END { print sum + 0 }' "$DIR/metrics")" = "$1" ]; }
reading() { take_stats && [ "$(grep 'stats device' "$DIR/stats" | grep -oE ' in_flight=[0-9]+' | awk -F = '{ sum += $2 } END { print sum + 0 }')" -ge 1 ]; }

# NAME FILE RANGE RESET: a client receives what was read before the disk hung. When nothing more arrives, it disconnects.
leaves() {
	head_of "/$2"
	# shellcheck disable=SC2016
	printf 'GET /%s HTTP/1.1\r\nHost: x\r\nRange: bytes=%s\r\n\r\n' "$2" "$3" | perl -MSocket -e '
		my ($host, $port) = split /:/, $ARGV[0];
		socket my $socket, PF_INET, SOCK_STREAM, 0 or die;
		connect $socket, sockaddr_in($port, inet_aton $host) or die "connect: $!";
		syswrite $socket, do { local $/; <STDIN> };
		my $bits = "";
		vec($bits, fileno $socket, 1) = 1;
		my ($all, $bytes) = (0);
		$all += sysread $socket, $bytes, 1 << 20 while select my $ready = $bits, undef, undef, 0.5;
		setsockopt $socket, SOL_SOCKET, SO_LINGER, pack "ii", 1, 0 if $ARGV[1];
		close $socket;
		print $all' "$ADDRESS" "$4" >"$DIR/received"
	ok "$1: the disconnect is noticed while the disk hangs" await 2 connected 0
	ok "$1: the disk has not answered" reading
	set_fault 0 0 0
	get /b.bin
	cmp_whole b.bin "$1: afterwards files are served"
}
set_fault -1 0 0 8000000
leaves "reset in mid-body" a.bin 0- 1
at_least "$(cat "$DIR/received")" 4000000 "the client received a part of the body"
set_fault -1 0 0 18000000
leaves "end in mid-body" a.bin 12000000- 0
at_least "$(cat "$DIR/received")" 4000000 "the client received a part of the body"
set_fault -1 0 0 2000000
leaves "end before the first byte" c.bin 11000000- 0
is "$(cat "$DIR/received")" 0 "the client received nothing"
finish
