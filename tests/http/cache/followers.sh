#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that read one large file at some distance from each other cost one read of the file, although the file is larger
# than the cache.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file big.bin 100000001
sync -f "$ROOT"
CACHE=64M
start_ranged --workers 1
before=$(read_bytes)

# Each client is 10 MB behind the client before it. A tenth of the cache is 6.4 MB.
# shellcheck disable=SC2016 # a program in Perl
perl -MIO::Socket::INET -e '
	my ($address, $file) = @ARGV;
	my $size = -s $file;
	my @clients = map {
		open my $same, "<:raw", $file or die "$file: $!";
		my $socket = IO::Socket::INET->new($address) or die "$address: $!";
		{ socket => $socket, same => $same, got => 0, behind => $_ * 10_000_000, rest => undef };
	} 0 .. 2;
	sub begin {
		my ($client) = @_;
		my $head = "";
		syswrite $client->{socket}, "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n";
		until ($head =~ /\r\n\r\n$/) { sysread $client->{socket}, $head, 1, length $head or die "no response" }
		$client->{rest} = $size;
	}
	for (my $front = 0; grep { !defined $_->{rest} || $_->{rest} } @clients; $front += 1_000_000) {
		for my $client (@clients) {
			next if $front <= $client->{behind};
			begin($client) unless defined $client->{rest};
			while ($client->{rest} && $client->{got} < $front - $client->{behind}) {
				my $count = sysread $client->{socket}, my $bytes, 262144 or die "the response ends early";
				sysread $client->{same}, my $expected, $count;
				die "wrong bytes at $client->{got}" if $bytes ne $expected;
				$client->{got} += $count;
				$client->{rest} -= $count;
			}
		}
	}
	print "$_->{got}\n" for @clients' "$ADDRESS" "$ROOT/big.bin" >"$DIR/got" 2>"$DIR/wrong"
is "$(paste -sd ' ' "$DIR/got")$(<"$DIR/wrong")" "100000001 100000001 100000001" "the bytes for each of three clients are correct"
at_most $(($(read_bytes) - before)) 107000000 "the file is read from the disk once"
finish
