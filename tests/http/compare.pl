#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
# compare.pl DIRECTORY PREFIX SUFFIX: reads lines "FILE FIRST LAST". Line N gives the file below DIRECTORY and the range
# that PREFIXNSUFFIX must contain. Prints a line for each wrong body, and at the end the numbers of compared and wrong
# bodies. One process compares all files, because a cmp for each would take minutes.
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
