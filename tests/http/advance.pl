#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# advance.pl FILE SECONDS STEP: adds SECONDS to the offset in FILE, which tests/clock.c maps, in steps with 10 ms between them.
use strict;
use warnings;

my ($file, $seconds, $step) = @ARGV;
open my $clock, '+<:raw', $file or die "$file: $!";
for (my $done = 0; $done < $seconds; $done += $step) {
	select undef, undef, undef, 0.01 * ($ENV{RANGED_SLOW} || 1) if $done > 0;
	sysseek $clock, 0, 0;
	sysread $clock, my $ns, 8;
	sysseek $clock, 0, 0;
	syswrite $clock, pack 'q', unpack('q', $ns) + $step * 1e9;
}
