#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# crowd.pl COUNT ADDRESS [PATH [OWN-ADDRESS]]: opens COUNT connections to host:port at once, and keeps them until
# standard input ends. With PATH each connection sends a request, and the status of its response is printed ("200",
# "503", or "closed"). A "#" in PATH stands for the number of the connection, from 1 on. Without PATH, "open" or "closed"
# is printed. Each result is one line, printed as soon as it is known. Needs perl-base only.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo IPPROTO_TCP);
use IO::Select;

my ($count, $address, $path, $own) = @ARGV;
my ($host, $port) = $address =~ /^(.*):(\d+)$/ or die "crowd.pl: address $address\n";
$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($error, $info) = getaddrinfo $host, $port, { socktype => SOCK_STREAM };
die "$host: $error\n" if $error;
my @held;
my $select = IO::Select->new(\*STDIN);
for my $number (1 .. $count) {
	socket my $socket, $info->{family}, SOCK_STREAM, IPPROTO_TCP or die "socket: $!\n";
	if ($own) {
		my (undef, $from) = getaddrinfo $own, 0, { socktype => SOCK_STREAM };
		bind $socket, $from->{addr} or die "bind: $!\n";
	}
	if (!connect $socket, $info->{addr}) {
		print "closed\n";
		next;
	}
	(my $target = $path // "") =~ s/#/$number/;
	syswrite $socket, "GET $target HTTP/1.1\r\nHost: $host\r\n\r\n" if $path;
	print "open\n" unless $path;
	push @held, $socket;
	$select->add($socket);
}
my %said;
while (1) {
	for my $ready ($select->can_read) {
		my $got = sysread($ready, my $bytes, 65536);
		exit if $ready == \*STDIN && !$got;
		if (!$said{$ready}++) {
			print $got && $bytes =~ m{^HTTP/1\.1 (\d{3})} ? "$1\n" : $got ? "junk\n" : "closed\n";
		}
		$select->remove($ready) unless $got;
	}
}
