#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# pattern.pl DIRECTORY [NAME SIZE]...: makes files of SIZE pseudo-random bytes below DIRECTORY, which is created if
# needed; "-" writes all bytes to standard output. The bytes depend on NAME only; a shorter file is a prefix of a longer
# one. No two blocks and no two files have a sequence in common, so a byte from a wrong position is detected. Needs
# perl-base only.
use strict;
use warnings;
use integer;

my $folder = shift;
my $state;

sub draw # xorshift with 32 bits
{
	$state ^= ($state << 13) & 0xffffffff;
	$state ^= ($state >> 17) & 0x7fff;
	$state ^= ($state << 5) & 0xffffffff;
	return $state &= 0xffffffff;
}

sub create # NAME: returns the open file
{
	my @folders = split m{/}, "$folder/$_[0]", -1;
	pop @folders;
	for (1 .. $#folders) { mkdir join('/', @folders[0 .. $_]) }
	open my $out, '>:raw', "$folder/$_[0]" or die "$folder/$_[0]: $!\n";
	return $out;
}

sub fill # OUT NAME SIZE
{
	my ($out, $name, $size) = @_;
	my $chunk_size = 65521; # a prime, so that chunks and blocks have no common boundaries
	$state = 0x2545F491;
	$state = ($state * 31 + ord) & 0x7fffffff for split //, $name;
	my $base_size = $size < $chunk_size ? $size : $chunk_size;
	my $base = substr join('', map { pack 'V', draw() } 0 .. $base_size / 4), 0, $base_size;
	while ($size > 0) {
		my $key = join '', map { pack 'V', draw() } 0 .. 3;
		my $chunk = $size < $chunk_size ? substr $base, 0, $size : $base;
		$chunk ^= substr $key x ($chunk_size / 16 + 1), 0, length $chunk;
		print $out $chunk or die "$name: $!\n";
		$size -= length $chunk;
	}
}

binmode STDOUT;
while (my ($name, $size) = splice @ARGV, 0, 2) {
	my $out = $folder eq '-' ? \*STDOUT : create($name);
	fill($out, $name, $size);
	close $out or die "$name: $!\n";
}
