#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# replies.pl FILE PREFIX [METHODS]: splits the bytes that a server sent on one connection into PREFIX1.head,
# PREFIX1.body, PREFIX2.head and so on, and prints the status codes on one line. METHODS are the methods of the
# requests, separated by commas ("GET,HEAD"): a response to HEAD has no body. Bytes that are not a response have the
# status "junk". A body that is shorter than its Content-Length has a status like "206-cut". Needs perl-base only.
use strict;
use warnings;

my ($file, $prefix, $methods) = @ARGV;
my @methods = split /,/, $methods // '';
open my $in, '<:raw', $file or die "$file: $!\n";
my $bytes = do { local $/; <$in> } // '';
my ($number, $at, @statuses) = (0, 0);

sub put { open my $out, '>:raw', $_[0] or die "$_[0]: $!\n"; print $out $_[1]; close $out or die }

while ($at < length $bytes) {
	my $end = index $bytes, "\r\n\r\n", $at;
	my $head = $end < 0 ? '' : substr $bytes, $at, $end + 4 - $at;
	$number++;
	if ($head !~ /\AHTTP\/1\.1 (\d{3})[ \r]/) {
		put("$prefix$number.head", substr $bytes, $at);
		push @statuses, 'junk';
		last;
	}
	my $status = $1;
	$at = $end + 4;
	my ($length) = $head =~ /^Content-Length: *(\d+)\r$/mi;
	my $method = $status < 200 ? 'GET' : shift(@methods) // 'GET';
	$length = 0 if $status < 200 || $status == 204 || $status == 304 || $method eq 'HEAD';
	$length //= length($bytes) - $at; # until the end of the connection
	my $body = substr $bytes, $at, $length;
	put("$prefix$number.head", $head);
	put("$prefix$number.body", $body);
	push @statuses, length($body) < $length ? "$status-cut" : $status;
	$at += $length;
}
print "@statuses\n";
