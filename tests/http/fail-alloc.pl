#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# fail-alloc.pl ADDRESS CONTROL NAME REQUEST...: sends each request repeatedly while the first, the second, the third, …
# allocation of the server fails (see fail_alloc.c), until there is no further allocation. In a request, \r and \n are
# escapes of printf, and %d is another number each time. Each response must be the one without a failure, or one with
# the same header that is aborted in its body, 500, 503, or none. Other responses are printed. Needs perl-base only.
use strict;
use warnings;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY MSG_NOSIGNAL);

my ($address, $control, @cases) = @ARGV;
my ($host, $port) = $address =~ /^(.*):(\d+)$/ or die;
my ($serial, $tried) = (1000, 0);
open my $file, '+<:raw', $control or die "$control: $!\n";
my $clock;
!$ENV{TEST_CLOCK} or open $clock, '+<:raw', $ENV{TEST_CLOCK} or die "$ENV{TEST_CLOCK}: $!\n";

sub arm { sysseek $file, 0, 0; syswrite $file, pack 'LLL', @_ }
sub counted { sysseek $file, 4, 0; sysread $file, my $bytes, 4; return unpack 'L', $bytes }

# Moves the clock forward by 2 s. See tests/clock.c.
sub advance
{
	return unless $ENV{TEST_CLOCK};
	sysseek $clock, 0, 0;
	sysread $clock, my $digits, 8;
	my $us = 2e6;
	$us += ((ord substr $digits, $_) - 48) << 6 * (7 - $_) for 0 .. 7;
	sysseek $clock, 0, 0;
	syswrite $clock, join '', map { chr 48 + ($us >> 6 * (7 - $_) & 63) } 0 .. 7;
}

sub converse
{
	my ($request) = @_;
	socket my $socket, PF_INET, SOCK_STREAM, IPPROTO_TCP or die "socket: $!\n";
	connect $socket, pack_sockaddr_in($port, inet_aton $host) or die "connect: $!\n";
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
	send $socket, $request, MSG_NOSIGNAL;
	my $reply = '';
	while (1) {
		my $bits = '';
		vec($bits, fileno $socket, 1) = 1;
		return "hangs: $reply" unless select($bits, undef, undef, 10) > 0;
		my $count = sysread $socket, $reply, 65536, length $reply;
		last unless $count;
	}
	return $reply =~ s/^Date: .*\r\n//mr =~ s/boundary=\w+/boundary=X/r =~ s/^--\w{32}/--X/mgr;
}

while (my ($name, $request) = splice @cases, 0, 2) {
	$request =~ s/\\r/\r/g;
	$request =~ s/\\n/\n/g;
	my $ask = sub { $serial++; advance(); converse($request =~ s/%d/$serial/gr) };
	$ask->() for 1 .. 2;
	my $right = $ask->();
	print "$name: [", substr($right, 0, 300), "]\n" if $ENV{SHOW};
	for my $on (0, 1) {
		for (my $n = 1; $n < 400; $n++) {
			arm($n, 0, $on);
			my $got = $ask->();
			my $count = counted();
			arm(0, 0, 0);
			$tried++;
			my ($status) = $got =~ /^HTTP\/1\.1 (\d+)/;
			my ($head) = $right =~ /^(.*?\r\n\r\n)/s;
			my $fine = $got eq '' || $got eq $right || ($status && $status =~ /^50[03]$/) || (length $got >= length $head && index($right, $got) == 0);
			print "$name, allocation $n", $on ? ' and on' : '', ": ", substr($got, 0, 600), "\n" unless $fine;
			last if $count < $n;
		}
	}
}
print "$tried answers\n";
