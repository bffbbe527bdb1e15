#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# together.pl PID ADDRESS PATH COUNT STEP OUT: opens COUNT connections that the server accepts in one iteration of its
# event loop, because it is stopped meanwhile. Connection N (from 1) requests STEP bytes from position (N - 1) * STEP
# with HTTP/1.0. The body of its 206 response goes to OUT.N.
use strict;
use warnings;
use IO::Socket::INET;

my ($pid, $address, $path, $count, $step, $out) = @ARGV;
my @sockets;
kill 'STOP', $pid or die "kill: $!\n";
for my $n (0 .. $count - 1) {
	my $socket = IO::Socket::INET->new(PeerAddr => $address) or last;
	syswrite $socket, sprintf "GET %s HTTP/1.0\r\nHost: x\r\nRange: bytes=%d-%d\r\n\r\n", $path, $n * $step, ($n + 1) * $step - 1;
	push @sockets, $socket;
}
kill 'CONT', $pid;
for my $n (0 .. $#sockets) {
	my $socket = $sockets[$n];
	local $/;
	my $answer = <$socket> // '';
	$answer =~ s/^HTTP\/1\.1 206 .*?\r\n\r\n//s or next;
	open my $file, '>', $out . "." . ($n + 1) or die "$out: $!\n";
	print $file $answer;
}
