#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The files, the trace and the yardstick of the case "zipf" of bench/run. All three are the same each time.
#
#	zipf.pl files DIR COUNT                   makes COUNT files of 32 to 96 KiB in DIR
#	zipf.pl trace COUNT LINES SCANNED BYTES   prints LINES requests for bench/replay: files by Zipf(0.9), and, after each 20 of
#	                                          them, the next MiB of a scan through the files named in SCANNED, of BYTES each
#	zipf.pl lru COUNT CACHE-BYTES WARM        reads a trace; prints which share of the bytes after line WARM an LRU cache of that
#	                                          size would have had
use strict;
use warnings;

my $state = 1;

# Park and Miller's generator: whole numbers below 2^31.
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

# The index of the first of the limits that is not below the value.
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
	my ($piece, @scanned) = (1 << 20, split ' ', $scanned);
	my ($per_file, $pieces) = (int($bytes / $piece), 0);
	my @limits = zipf_limits($count);
	for my $line (1 .. $lines) {
		if ($line % 21 == 0) {
			my $first = $pieces % $per_file * $piece;
			printf "%s %d-%d\n", $scanned[$pieces++ / $per_file % @scanned], $first, $first + $piece - 1;
		} else {
			# Popular files do not lie side by side on the disk.
			printf "/zipf/64k/%d\n", find(\@limits, draw() / 2147483647) * 7919 % $count;
		}
	}
}

# The queue has one entry a touch; the entry that counts is the last of its object.
sub lru {
	my ($count, $room, $warm) = @_;
	my @sizes = file_sizes($count);
	my (%touched, @queue, $hit, $total);
	while (my $key = <STDIN>) {
		chomp $key;
		my $size = $key =~ / (\d+)-(\d+)$/ ? $2 - $1 + 1 : $sizes[($key =~ /(\d+)$/)[0]];
		my $held = ($size + 4095) & ~4095;
		if ($. > $warm) {
			$total += $size;
			$hit += $size if exists $touched{$key};
		}
		$room -= $held unless exists $touched{$key};
		$touched{$key} = $.;
		push @queue, [$key, $., $held];
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
