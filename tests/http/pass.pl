#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# pass.pl NAME=ADDRESS... -- PROGRAM [ARGUMENT...]: passes sockets like a socket unit of systemd. It listens on each
# address ("127.0.0.1:0", "[::1]:0", "unix:/path", "unix:@name"; "udp" is a socket that cannot listen), then becomes the
# program, which finds the sockets in LISTEN_FDS under these names.
use strict;
use warnings;
use Fcntl qw(F_DUPFD);
use IO::Socket::IP;
use IO::Socket::UNIX;
use POSIX ();
use Socket qw(SOCK_STREAM SOCK_DGRAM SOMAXCONN);

my (@names, @sockets);
while (@ARGV and (my $spec = shift @ARGV) ne "--") {
	my ($name, $address) = split /=/, $spec, 2;
	my $socket;
	if ($address eq "udp") {
		$socket = IO::Socket::IP->new(LocalHost => "127.0.0.1", LocalPort => 0, Type => SOCK_DGRAM);
	} elsif ($address =~ /^unix:(@?)(.*)/) {
		$socket = IO::Socket::UNIX->new(Local => ($1 ? "\0" : "") . $2, Listen => SOMAXCONN);
	} elsif ($address =~ /^\[?(.*?)\]?:(\d+)$/) {
		$socket = IO::Socket::IP->new(LocalHost => $1, LocalPort => $2, Listen => SOMAXCONN, ReuseAddr => 1, Type => SOCK_STREAM);
	}
	$socket or die "pass.pl: $spec: $@ $!\n";
	push @names, $name;
	push @sockets, $socket;
}
# Moves the sockets to other numbers first, because one of them may have a number that is needed.
my @high = map { fcntl($_, F_DUPFD, 100) or die "pass.pl: $!\n" } @sockets;
POSIX::dup2($high[$_], 3 + $_) for 0 .. $#high;
POSIX::close($_) for @high;
@ENV{qw(LISTEN_FDS LISTEN_PID LISTEN_FDNAMES)} = (scalar @sockets, $$, join ":", @names);
exec { $ARGV[0] } @ARGV or die "pass.pl: $ARGV[0]: $!\n";
