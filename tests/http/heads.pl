#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# heads.pl [-i] ADDRESS FILE...: sends each file unchanged to host:port on a connection of its own, and prints "NAME
# STATUS... END". END is "closed" (also by a reset), or "open" after 5 s. Responses are parsed strictly: a status line,
# field lines, and a body of exactly the given length; no body for HEAD, 1xx, 204 and 304. Other bytes are "junk". The
# first word of a file is the method of its first request; the other requests are GET. With -i, each connection has a source
# address of its own, which is printed before the name. Needs perl-base only.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo IPPROTO_TCP MSG_NOSIGNAL);

my $addresses = @ARGV && $ARGV[0] eq '-i' && shift;
my $count = 0;
my ($host, $port) = (shift) =~ /^(.*):(\d+)$/ or die "heads.pl: no address\n";
$host =~ s/^\[(.*)\]$/$1/;
my ($error, $info) = getaddrinfo $host, $port, { socktype => SOCK_STREAM };
die "$host: $error\n" if $error;
my $wait = 5 * ($ENV{RANGED_SLOW} || 1);
local $| = 1;

for my $file (@ARGV) {
	open my $in, '<:raw', $file or die "$file: $!\n";
	my $request = do { local $/; <$in> };
	my ($end, $reply) = converse($request);
	print "127.1.", int($count / 200), '.', $count % 200 + 1, ' ' if $addresses;
	$count++;
	print $file =~ s{.*/}{}r, ' ', join(' ', statuses($reply, $request =~ /^\s*HEAD / ? 'HEAD' : 'GET'), $end), "\n";
}

sub converse
{
	my ($request) = @_;
	socket my $socket, $info->{family}, SOCK_STREAM, IPPROTO_TCP or die "socket: $!\n";
	bind $socket, pack_sockaddr_in(0, inet_aton('127.1.' . int($count / 200) . '.' . ($count % 200 + 1))) or die "bind: $!\n" if $addresses;
	connect $socket, $info->{addr} or die "connect: $!\n";
	my $reply = '';
	for (my $sent = 0; $sent < length $request;) {
		my $count = send $socket, substr($request, $sent), MSG_NOSIGNAL;
		last unless defined $count;
		$sent += $count;
	}
	while (1) {
		my $bits = '';
		vec($bits, fileno $socket, 1) = 1;
		return ('open', $reply) unless select($bits, undef, undef, $wait) > 0;
		my $count = sysread $socket, $reply, 65536, length $reply;
		return ("closed", $reply) unless $count;
	}
}

sub chunks
{
	my ($rest) = @_;
	while (1) {
		$$rest =~ s/\A([0-9A-Fa-f]+)\r\n// or return 0;
		my $size = hex $1;
		return $$rest =~ s/\A\r\n// ? 1 : 0 unless $size;
		return 0 unless length $$rest >= $size + 2 && substr($$rest, $size, 2) eq "\r\n";
		substr($$rest, 0, $size + 2) = '';
	}
}

sub statuses
{
	my ($rest, $method) = @_;
	my @statuses;
	while ($rest ne '') {
		$rest =~ s/\AHTTP\/1\.1 ([1-5]\d\d) [ -~]+\r\n((?:[!#\$%&'*+.^_`|~0-9A-Za-z-]+: [\t -~]+\r\n)*)\r\n// or return (@statuses, 'junk');
		my ($status, $fields) = ($1, $2);
		push @statuses, $status;
		my @lengths = $fields =~ /^Content-Length: (\d+)\r$/mig;
		my @codings = $fields =~ /^Transfer-Encoding: (.*)\r$/mig;
		my $bodiless = $status < 200 || $status == 204 || $status == 304 || $method eq 'HEAD';
		return (@statuses, 'junk') if @lengths > 1 || @codings > 1 || (@lengths && @codings) || ($status < 200 && ($fields ne '' || $status != 100));
		my @dates = $fields =~ /^Date: /mig;
		return (@statuses, 'junk') if $status >= 200 && @dates != 1;
		$method = 'GET' if $status >= 200;
		next if $bodiless;
		if (@codings) {
			return (@statuses, 'junk') unless $codings[0] eq 'chunked' && chunks(\$rest);
		} elsif (@lengths) {
			return (@statuses, 'cut') if length $rest < $lengths[0];
			substr($rest, 0, $lengths[0]) = '';
		} else {
			return (@statuses, 'junk') unless $fields =~ /^Connection: close\r$/mi;
			$rest = '';
		}
		return (@statuses, 'more') if $rest ne '' && $fields =~ /^Connection: close\r$/mi;
	}
	return @statuses;
}
