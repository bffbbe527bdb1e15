#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Files, traces and LRU hit ratios for bench/run. They are the same in each run, except for the contents of the files.
#
#   trace.pl files DIR COUNT                  makes COUNT files of 32 to 96 KiB in DIR, for the case zipf
#   trace.pl zipf COUNT LINES SCANNED BYTES   prints LINES requests for bench/replay: 20 files chosen by Zipf(0.9), then the
#                                             next MiB of a scan through the files in SCANNED, which have BYTES each
#
#   trace.pl many ROOT COUNT BYTES            makes COUNT files of BYTES below ROOT: /many/BYTES/NN/NN/NN, 100 in a directory
#   trace.pl order COUNT BYTES                prints the paths of all of these files in random order
#   trace.pl uniform COUNT BYTES LINES        prints LINES paths of these files, each chosen at random
#   trace.pl zipf-many COUNT BYTES LINES      prints LINES paths of these files, chosen by Zipf(0.9)
#   trace.pl missing COUNT BYTES              prints COUNT paths that do not exist, in the directories of these files
#
#   trace.pl lru COUNT CACHE-BYTES WARM       reads a trace; prints the hit ratio by bytes of an LRU cache of that size, for
#                                             the requests after line WARM. COUNT is that of the files of the case zipf.
use strict;
use warnings;

my $state = 1;

# Returns the next integer below 2^31 of the random number generator of Park and Miller.
sub draw { return $state = $state * 16807 % 2147483647 }

sub file_sizes { return map { 32768 + draw() % 65536 } 1 .. $_[0] }

sub write_file {
	my ($path, $bytes) = @_;
	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file $bytes or die "$path: $!";
	close($file) or die "$path: $!";
}

sub read_random {
	my ($length) = @_;
	open(my $random, '<:raw', '/dev/urandom') or die "/dev/urandom: $!";
	read($random, my $bytes, $length) == $length or die "/dev/urandom: $!";
	return $bytes;
}

sub make_files {
	my ($dir, $count) = @_;
	my @sizes = file_sizes($count);
	write_file("$dir/$_", read_random($sizes[$_])) for 0 .. $#sizes;
}

sub many_path { my ($number, $bytes) = @_; return "/many/$bytes/" . join('/', sprintf('%06d', $number) =~ /(..)(..)(..)/) }

# Each file is another part of 16 MiB of random bytes, because /dev/urandom is too slow for the sum of the files.
sub make_many {
	my ($root, $count, $bytes) = @_;
	my $room = 16 << 20;
	my $random = read_random($room + $bytes);
	for my $number (0 .. $count - 1) {
		my $path = $root . many_path($number, $bytes);
		my ($upper, $directory) = $path =~ m{^((.*)/..)/..$} ? ($2, $1) : die;
		if ($number % 100 == 0) { -d $_ or mkdir($_) or die "$_: $!" for $upper, $directory }
		next if (-s $path // 0) == $bytes;
		write_file($path, substr($random, $number * 4099 % $room, $bytes));
	}
}

sub print_order {
	my ($count, $bytes) = @_;
	my @numbers = 0 .. $count - 1;
	for my $last (reverse 1 .. $#numbers) {
		my $other = draw() % ($last + 1);
		@numbers[$last, $other] = @numbers[$other, $last];
	}
	print many_path($_, $bytes), "\n" for @numbers;
}

sub print_uniform {
	my ($count, $bytes, $lines) = @_;
	print many_path(draw() % $count, $bytes), "\n" for 1 .. $lines;
}

sub print_missing {
	my ($count, $bytes) = @_;
	print many_path($_ * 100 % 10000, $bytes), "-missing-$_\n" for 1 .. $count;
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

# The multiplication spreads popular files over the disk.
sub choose { my ($limits) = @_; return find($limits, draw() / 2147483647) * 7919 % @$limits }

sub print_zipf {
	my ($count, $lines, $scanned, $bytes) = @_;
	my ($chunk, @scanned) = (1 << 20, split ' ', $scanned);
	my ($per_file, $chunks) = (int($bytes / $chunk), 0);
	my @limits = zipf_limits($count);
	for my $line (1 .. $lines) {
		if ($line % 21 == 0) {
			my $first = $chunks % $per_file * $chunk;
			printf "%s %d-%d\n", $scanned[$chunks++ / $per_file % @scanned], $first, $first + $chunk - 1;
		} else {
			print '/zipf/64k/', choose(\@limits), "\n";
		}
	}
}

sub print_zipf_many {
	my ($count, $bytes, $lines) = @_;
	my @limits = zipf_limits($count);
	print many_path(choose(\@limits), $bytes), "\n" for 1 .. $lines;
}

# Simulates an LRU cache. The queue has one entry for each access; the last entry of an object is its position in the
# LRU order.
sub lru {
	my ($count, $room, $warm) = @_;
	my @sizes = file_sizes($count);
	my (%touched, @queue, $hit, $total);
	while (my $key = <STDIN>) {
		chomp $key;
		my $size = $key =~ / (\d+)-(\d+)$/ ? $2 - $1 + 1 : $key =~ m{^/many/(\d+)/} ? $1 : $sizes[($key =~ /(\d+)$/)[0]];
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
my %does = (files => \&make_files, zipf => \&print_zipf, many => \&make_many, order => \&print_order, uniform => \&print_uniform,
	'zipf-many' => \&print_zipf_many, missing => \&print_missing, lru => \&lru);
($does{$what // ''} // sub { die "trace.pl files|zipf|many|order|uniform|zipf-many|missing|lru ...\n" })->(@arguments);
