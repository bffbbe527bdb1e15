#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The files, the trace and the LRU hit ratio for the case "zipf" of bench/run. All three are the same in each run.
#
#   zipf.pl files DIR COUNT                   makes COUNT files of 32 to 96 KiB in DIR
#   zipf.pl trace COUNT LINES SCANNED BYTES   prints LINES requests for bench/replay: 20 files chosen by Zipf(0.9), then the
#                                             next MiB of a scan through the files in SCANNED, which have BYTES each
#   zipf.pl lru COUNT CACHE-BYTES WARM        reads a trace; prints the hit ratio by bytes of an LRU cache of that size, for
#                                             the requests after line WARM
use strict;
use warnings;

my $state = 1;

# Returns the next integer below 2^31 of the random number generator of Park and Miller.
sub draw { return $state = $state * 16807 % 2147483647 }

sub file_sizes { return map { 32768 + draw() % 65536 } 1 .. $_[0] }

sub make_files {
	my ($dir, $count) = @_;
	open(my $random, '<:raw', '/dev/urandom') or die "/dev/urandom: $!";
	my @sizes = file_sizes($count);
	for my $number (0 .. $#sizes) {
		read($random, my $bytes, $sizes[$number]) == $sizes[$number] or die "/dev/urandom: $!";
		open(my $file, '>:raw', "$dir/$number") or die "$dir/$number: $!";
		print $file $bytes or die "$dir/$number: $!";
		close($file) or die "$dir/$number: $!";
	}
}

sub zipf_limits {
	my ($sum, @limits) = (0);
	push @limits, $sum += $_**-0.9 for 1 .. $_[0];
	return map { $_ / $sum } @limits;
}

# Returns the index of the first limit that is not below the value.
sub find {
	my ($limits, $value) = @_;
	my ($low, $high) = (0, $#$limits);
	while ($low < $high) {
		my $middle = int(($low + $high) / 2);
		if ($limits->[$middle] < $value) { $low = $middle + 1 } else { $high = $middle }
	}
	return $low;
}

sub print_trace {
	my ($count, $lines, $scanned, $bytes) = @_;
	my ($chunk, @scanned) = (1 << 20, split ' ', $scanned);
	my ($per_file, $chunks) = (int($bytes / $chunk), 0);
	my @limits = zipf_limits($count);
	for my $line (1 .. $lines) {
		if ($line % 21 == 0) {
			my $first = $chunks % $per_file * $chunk;
			printf "%s %d-%d\n", $scanned[$chunks++ / $per_file % @scanned], $first, $first + $chunk - 1;
		} else {
			# The multiplication spreads popular files over the disk.
			printf "/zipf/64k/%d\n", find(\@limits, draw() / 2147483647) * 7919 % $count;
		}
	}
}

# Simulates an LRU cache. The queue has one entry for each access; the last entry of an object is its position in the
# LRU order.
sub lru {
	my ($count, $room, $warm) = @_;
	my @sizes = file_sizes($count);
	my (%touched, @queue, $hit, $total);
	while (my $key = <STDIN>) {
		chomp $key;
		my $size = $key =~ / (\d+)-(\d+)$/ ? $2 - $1 + 1 : $sizes[($key =~ /(\d+)$/)[0]];
		my $allocated = ($size + 4095) & ~4095;
		if ($. > $warm) {
			$total += $size;
			$hit += $size if exists $touched{$key};
		}
		$room -= $allocated unless exists $touched{$key};
		$touched{$key} = $.;
		push @queue, [$key, $., $allocated];
		while ($room < 0) {
			my ($oldest, $time, $bytes) = @{shift @queue};
			next if $touched{$oldest} != $time;
			delete $touched{$oldest};
			$room += $bytes;
		}
	}
	printf "%.4f\n", ($hit // 0) / ($total || 1);
}

my ($what, @arguments) = @ARGV;
my %does = (files => \&make_files, trace => \&print_trace, lru => \&lru);
($does{$what // ''} // sub { die "zipf.pl files|trace|lru ...\n" })->(@arguments);
