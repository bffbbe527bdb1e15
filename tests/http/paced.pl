#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# paced.pl CLOCK ADDRESS SECONDS [DIRECTORY]: downloads from the server at ADDRESS while the held clock in the file CLOCK, see
# hold_clock, advances by SECONDS. Each line of standard input is one group of equal downloads:
#
#	GROUP RATE COUNT FROM PATH [RANGES]
#
# COUNT connections from the address FROM request PATH. Several lines can have the same group. The clock advances in steps.
# The next step is made when each group has received the bytes that RATE bytes per second give until then, less those of
# 0.05 s. The server and the clients may therefore be slow: the server is never so late that it gives up bytes (BURST_NS in
# src/steps/limit.c). RATE+BYTES: that many bytes are sent at once before. If no byte arrives for 10 s, the clock advances
# nevertheless, and the groups get too few bytes. Prints "GROUP BYTES" for each download, with the bytes of the body. The
# header and the body go to the files GROUP.NUMBER.head and GROUP.NUMBER.got in the DIRECTORY.
use strict;
use warnings;
use IO::Poll qw(POLLIN);
use IO::Socket::INET;

use constant { STEP => 0.05, SLACK => 0.05 };
my ($file, $address, $seconds, $directory) = @ARGV;
my $limit = 10 * ($ENV{RANGED_SLOW} || 1);
my (@downloads, %download_of, %rate, %unlimited, %got, %number);
my $poll = IO::Poll->new;

while (<STDIN>) {
	my ($group, $rate, $count, $from, $path, $ranges) = split;
	($rate{$group}, $unlimited{$group}) = $rate =~ /^(\d+)(?:\+(\d+))?$/ or die "rate $rate";
	$got{$group} = 0;
	for (1 .. $count) {
		my $socket = IO::Socket::INET->new(PeerAddr => $address, LocalAddr => $from) or die "$address: $!";
		my $download = { group => $group, socket => $socket, head => '', bytes => 0 };
		push @downloads, $download_of{fileno $socket} = $download;
		$poll->mask($socket => POLLIN);
		my $fields = $ranges ? "Range: bytes=$ranges\r\n" : '';
		syswrite $socket, "GET $path HTTP/1.1\r\nHost: x\r\n$fields\r\n" or die "$address: $!";
		next unless $directory;
		my $name = "$directory/$group." . ++$number{$group};
		open $download->{head_file}, '>:raw', "$name.head" or die "$name: $!";
		open $download->{body_file}, '>:raw', "$name.got" or die "$name: $!";
	}
}

# Returns false if the server sends nothing for the time limit.
sub receive {
	return 0 if $poll->poll($limit) <= 0;
	for my $socket ($poll->handles(POLLIN | IO::Poll::POLLHUP() | IO::Poll::POLLERR())) {
		my $download = $download_of{fileno $socket};
		if (!sysread $socket, my $bytes, 1 << 18) {
			$poll->remove($socket);
		} else {
			take($download, $bytes);
		}
	}
	return 1;
}

sub take {
	my ($download, $bytes) = @_;
	if (!$download->{in_body}) {
		$download->{head} .= $bytes;
		(my $end = index $download->{head}, "\r\n\r\n") >= 0 or return;
		$bytes = substr $download->{head}, $end + 4;
		substr($download->{head}, $end + 4) = '';
		$download->{in_body} = 1;
		syswrite $download->{head_file}, $download->{head} if $directory;
	}
	syswrite $download->{body_file}, $bytes if $directory && length $bytes;
	$download->{bytes} += length $bytes;
	$got{$download->{group}} += length $bytes;
}

# The offset of the clock is eight digits in base 64, see tests/clock.c.
open my $clock, '+<:raw', $file or die "$file: $!";
sysread $clock, my $digits, 8;
my $start = 0;
$start = $start * 64 + ord($_) - 48 for split //, $digits;
sub advance_to { # SECONDS
	my $us = $start + $_[0] * 1e6;
	sysseek $clock, 0, 0;
	syswrite $clock, join '', map { chr 48 + ($us >> 6 * (7 - $_) & 63) } 0 .. 7;
}
my $flows = 1;
sub behind { # SECONDS
	my ($time) = @_;
	return grep { $got{$_} < ($unlimited{$_} // 0) + $rate{$_} * ($time - SLACK) } keys %rate;
}
$flows = receive() while $flows && grep { !$_->{in_body} } @downloads;
for my $step (1 .. $seconds / STEP) {
	advance_to($step * STEP);
	$flows = receive() while $flows && behind($step * STEP);
}
print "# no byte for $limit s: $_ has $got{$_}\n" for $flows ? () : sort keys %got;
print "$_->{group} $_->{bytes}\n" for @downloads;
