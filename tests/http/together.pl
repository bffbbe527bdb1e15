#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# together.pl PID ADDRESS FILE PATH COUNT STEP ROUNDS: opens COUNT connections that the server accepts in one iteration of
# its event loop, because it is stopped meanwhile. Connection N (from 0) requests STEP bytes from position N * STEP of
# PATH with HTTP/1.0, and the body of its 206 response is compared with FILE. Does that ROUNDS times, and prints the
# numbers of compared and wrong responses.
use strict;
use warnings;
use IO::Socket::INET;

my ($pid, $address, $file, $path, $count, $step, $rounds) = @ARGV;
my ($compared, $wrong) = (0, 0);
local $/;
open my $in, '<:raw', $file or die "$file: $!\n";
my $expected = <$in>;
for (1 .. $rounds) {
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
		my $answer = <$socket> // '';
		$compared++;
		next if $answer =~ s/^HTTP\/1\.1 206 .*?\r\n\r\n//s && $answer eq substr $expected, $n * $step, $step;
		print "round $_, connection $n is wrong\n" if $wrong++ < 10;
	}
}
print "$compared compared, $wrong wrong\n";
