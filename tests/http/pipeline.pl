#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# pipeline.pl ADDRESS CONNECTIONS METHOD FORMAT FIRST LAST [HOT]: requests the paths that sprintf makes of FORMAT, a
# thousandth of each number, and the number, from FIRST to LAST, a hundred at a time on each connection. With HOT, the
# numbers below HOT are requested again after each thousand. Prints the number of responses of each status. With HEAD,
# only headers are received. Needs perl-base only.
use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY MSG_NOSIGNAL);

my ($address, $connections, $method, $format, $first, $last, $hot) = @ARGV;
my ($host, $port) = $address =~ /^(.*):(\d+)$/ or die;
my (@children, %counts);
for my $number (0 .. $connections - 1) {
	pipe my $reader, my $writer or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if ($pid) {
		close $writer;
		push @children, $reader;
		next;
	}
	socket my $socket, PF_INET, SOCK_STREAM, IPPROTO_TCP or die "socket: $!\n";
	connect $socket, pack_sockaddr_in($port, inet_aton $host) or die "connect: $!\n";
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
	my %own;
	my $ask = sub {
		my @numbers = @_;
		send $socket, join("", map { "$method " . sprintf($format, $_ / 1000, $_) . " HTTP/1.1\r\nHost: x\r\n\r\n" } @numbers), MSG_NOSIGNAL;
		my $got = "";
		my $left = @numbers;
		while ($left > 0) {
			sysread $socket, $got, 262144, length $got or die "the server closed the connection\n";
			while ($got =~ s/^HTTP\/1\.1 (\d+).*?\r\n\r\n//s) {
				$own{$1}++;
				$left--;
			}
		}
	};
	for (my $at = $first + 100 * $number; $at <= $last; $at += 100 * $connections) {
		$ask->($at .. ($at + 99 < $last ? $at + 99 : $last));
		$ask->(0 .. $hot - 1) if $hot && $at % 1000 == 0;
	}
	print $writer "$_ $own{$_}\n" for keys %own;
	close $writer;
	exit;
}
for my $reader (@children) {
	/^(\d+) (\d+)/ and $counts{$1} += $2 while <$reader>;
}
print join(" ", map { "$_ $counts{$_}" } sort keys %counts), "\n";
