#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# compare.pl FOLDER PREFIX SUFFIX: reads lines "FILE FIRST LAST"; the n-th says what PREFIXnSUFFIX must hold of FOLDER/FILE. Prints a line for
# each that is wrong, and at the end how many were compared and how many were wrong. One process, where a cmp for each would take minutes.
use strict;
use warnings;

my ($folder, $prefix, $suffix) = @ARGV;
my ($count, $wrong, %files) = (0, 0);

sub slurp { open my $in, '<:raw', $_[0] or return; local $/; return <$in> // '' }

while (<STDIN>) {
	my ($file, $first, $last) = split;
	my $bytes = $files{$file} //= \(slurp("$folder/$file") // die "no $folder/$file\n");
	my $body = slurp($prefix . ++$count . $suffix);
	next if defined $body && $body eq substr $$bytes, $first, $last - $first + 1;
	print "answer $count is wrong: $file $first-$last, ", defined $body ? length($body) . " bytes\n" : "no body\n" if $wrong++ < 10;
}
print "$count compared, $wrong wrong\n";
