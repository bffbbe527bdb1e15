#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# slow.pl COUNT HOST:PORT [rate=BYTES] [own=ADDRESS] [addresses=COUNT] [files=COUNT] <REQUEST
#
# Opens COUNT connections at once and keeps them until the program is killed. Each sends the text of standard input,
# with its number modulo `files` in place of %N, and then reads `rate` bytes per second (0, the default: nothing) into a
# small receive buffer. The source address of connection N is `own` + N modulo `addresses`. Prints "held" when each
# connection has received the first byte of a response. Needs perl-base only.
use strict;
use warnings;
use Socket;
use IO::Select;
use Time::HiRes qw(time);

my ($count, $address) = (shift, shift);
my %option = (rate => 0, addresses => 1, files => 1e9, map { /^(\w+)=(.*)$/ ? ($1, $2) : die "slow.pl: $_\n" } @ARGV);
my ($host, $port) = $address =~ /^(.*):(\d+)$/ or die "slow.pl: address $address\n";
my $text = do { local $/; <STDIN> };
my $peer = sockaddr_in $port, inet_aton $host;
my @sockets;
$| = 1;
$SIG{PIPE} = 'IGNORE';
for my $number (0 .. $count - 1) {
	socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
	setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 4096;
	if ($option{own}) {
		my $own = pack 'N', unpack('N', inet_aton $option{own}) + $number % $option{addresses};
		bind $socket, sockaddr_in(0, $own) or die "bind: $!\n";
	}
	connect $socket, $peer or die "connect: $!\n";
	my $file = $number % $option{files};
	(my $request = $text) =~ s/%N/$file/g;
	syswrite $socket, $request;
	push @sockets, $socket;
}
my $waiting = IO::Select->new(@sockets);
while ($waiting->count) {
	$waiting->remove($_) for $waiting->can_read;
}
print "held\n";
sleep if $option{rate} == 0;
my $start = time;
for (my $turn = 1;; $turn++) {
	for my $socket (@sockets) {
		recv $socket, my $bytes, int($option{rate} / 4) || 1, MSG_DONTWAIT;
	}
	my $left = $start + $turn / 4 - time;
	select undef, undef, undef, $left if $left > 0;
}
