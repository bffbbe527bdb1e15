#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#	ctl.pl DIR
#
# A substitute for the admin listener of ranged, on the Unix socket DIR/admin.sock and on a TCP port, which is written to DIR/port. Each
# request is appended to DIR/requests as "METHOD TARGET". The answer is read from the file DIR/RESOURCE, with dashes instead of slashes
# (cache-warm for /cache/warm). Its first line has the status and the type; the other lines are the body. Some lines are commands:
#
#	!sleep SECONDS
#	!hang		never answer
#	!cut		close the connection before the end of the body
#
# Without a file, /status is answered with numbers of a busy server, which status_of() computes from the time. Any other resource is 404.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use Time::HiRes qw(sleep time);

my ($dir) = @ARGV;
my $begun = time;
my $parent = $$;
$| = 1;
$SIG{PIPE} = "IGNORE";
$SIG{CHLD} = "IGNORE";
unlink "$dir/admin.sock";
my $unix = IO::Socket::UNIX->new(Local => "$dir/admin.sock", Listen => 16) or die "$dir/admin.sock: $!";
my $tcp = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 16) or die $!;
write_to("$dir/port.new", ">", $tcp->sockport . "\n");
rename "$dir/port.new", "$dir/port" or die $!;
my $both = IO::Select->new($unix, $tcp);
while (1) {
	for my $listener ($both->can_read) {
		my $client = $listener->accept or next;
		if (!fork) {
			serve($client);
			exit 0;
		}
		close $client;
	}
}

sub write_to {
	my ($path, $mode, $text) = @_;
	open my $out, $mode, $path or die "$path: $!";
	print $out $text;
	close $out;
}

sub serve {
	my ($client) = @_;
	$client->autoflush(1);
	while (defined(my $line = <$client>)) {
		my ($method, $target) = $line =~ m{^(\S+) (\S+) HTTP/1\.1\r\n$} or return;
		while (defined(my $field = <$client>)) {
			last if $field eq "\r\n";
		}
		return if getppid() != $parent;
		write_to("$dir/requests", ">>", "$method $target\n");
		answer($client, $target) or return;
	}
}

sub chunk { sprintf "%x\r\n%s\r\n", length $_[0], $_[0] }

sub answer {
	my ($client, $target) = @_;
	my ($name) = $target =~ m{^/([^?]*)};
	$name =~ tr{/}{-};
	my @lines = ("404 text/plain\n", "no such resource: /$name\n");
	if (open my $in, "<", "$dir/$name") {
		@lines = <$in>;
	} elsif ($name eq "status") {
		@lines = ("200 application/json\n", encode_json(status_of(time - $begun)) . "\n");
	}
	my ($status, $type) = split ' ', shift @lines;
	print $client "HTTP/1.1 $status X\r\nContent-Type: $type\r\nTransfer-Encoding: chunked\r\n\r\n";
	for (@lines) {
		if (/^!sleep (\S+)/) {
			sleep $1;
		} elsif (/^!hang/) {
			sleep;
		} elsif (/^!cut/) {
			close $client;
			return 0;
		} else {
			print $client chunk($_);
		}
	}
	print $client "0\r\n\r\n";
	return 1;
}

# --- the numbers of a busy server ---

sub histogram {
	my (%counts) = @_;
	my ($count, $sum) = (0, 0);
	for (keys %counts) {
		$count += $counts{$_};
		$sum += $counts{$_} * $_ * 0.7;
	}
	return { count => $count, sum_us => int $sum, buckets => [map { [$_ + 0, int $counts{$_}] } sort { $a <=> $b } grep { $counts{$_} >= 1 } keys %counts] };
}

# Returns the total at time t of a counter whose rate rises and falls.
sub waves { my ($t, $rate, $period) = @_; $rate * ($t + 0.8 * $period / 6.2832 * (1 - cos(6.2832 * $t / $period))) }

sub disk_times {
	my ($t, $rate) = @_;
	return histogram(64 => waves($t, 0.05 * $rate, 17), 128 => waves($t, 0.5 * $rate, 31), 256 => waves($t, 0.3 * $rate, 23),
		512 => waves($t, 0.1 * $rate, 13), 1024 => waves($t, 0.02 * $rate, 19), 2048 => waves($t, 0.004 * $rate, 29),
		4096 => waves($t, 0.001 * $rate, 11), 16384 => waves($t, 0.0001 * $rate, 37));
}

sub status_of {
	my ($t) = @_;
	my $scale = 1 << 20;
	my %bytes = (cache => int waves($t, 800 * $scale, 40), coalesced => int waves($t, 90 * $scale, 25), disk => int waves($t, 300 * $scale, 60),
		other => int waves($t, 0.2 * $scale, 10), read => int waves($t, 330 * $scale, 60));
	my $requests = int waves($t, 12000, 40);
	return {
		version => "0.1.0", library => "0.9.75", pid => $parent, started => "2026-11-25T09:00:00Z", state => "serving", ready => JSON::PP::true,
		uptime_ms => int(1000 * $t) + 274_000_000, now_ms => int(1000 * $t) + 900_000, reloads => 2, reload_failures => 0, config => "/etc/ranged/ranged.conf",
		connections => { now => 412, max => 65536, idle => 300, head => 12, work => 62, send => 38, accepted => int waves($t, 40, 20) + 18000, refused => 0 },
		transfers => 38,
		requests => { total => $requests, by_status => { 200 => int($requests * 0.2), 206 => int($requests * 0.79), 404 => int($requests * 0.01) },
			by_method => { GET => int($requests * 0.99), HEAD => int($requests * 0.01) } },
		bytes => \%bytes,
		cache_lookups => { hit => int($bytes{cache} / 65536), coalesced => int($bytes{coalesced} / 65536), miss => int($bytes{disk} / 65536) },
		rejected => { max_connections => 0, access => 12, disk_queue_timeout => 0 },
		latency => { first_byte => histogram(32 => waves($t, 9000, 20), 256 => waves($t, 2000, 30), 4096 => waves($t, 200, 40)),
			disk => disk_times($t, 8000), queue => histogram(16 => waves($t, 7000, 20), 1024 => waves($t, 700, 20)) },
		cache => { bytes => 8 << 30, free_bytes => 600 << 20, in_use_bytes => 300 << 20, idle_bytes => 7 << 30, pinned_bytes => 100 << 20,
			small_bytes => 800 << 20, main_bytes => 6 << 30, extents => 30123, shards => 2, waiting => 0, hits => 1, coalesced => 1, misses => 1,
			evictions => int waves($t, 100, 20), evicted_bytes => 1, ghost_hits => 1, admissions => 1, fragmentation => 0.03 },
		files => { open => 812, hits => int waves($t, 12000, 40), revalidations => 100, opens => 812, failures => 3 },
		devices => [
			{ device => "259:0", mode => "nowait", depth => 128, depth_bytes => 16 << 20, in_flight => int(40 + 30 * sin($t / 3)), in_flight_bytes => 4 << 20,
				queued => int(12 + 12 * sin($t / 5)), reads => int waves($t, 7000, 60), read_bytes => int waves($t, 300 * $scale, 60), errors => 0,
				latency => disk_times($t, 7000), wait => histogram(16 => waves($t, 6000, 20), 1024 => waves($t, 300, 20)) },
			{ device => "8:16", mode => "async", depth => 32, depth_bytes => 4 << 20, in_flight => 3, in_flight_bytes => 1 << 20,
				queued => 0, reads => int waves($t, 1000, 60), read_bytes => int waves($t, 30 * $scale, 60), errors => 1,
				latency => disk_times($t, 1000), wait => histogram(16 => waves($t, 900, 20)) }],
		workers => [map { { index => $_, connections => 206, queued => 4, in_flight => 20, iterations => int($t * 5000), last_iteration_ms_ago => 1,
			stalls => { events => 0, http => 2 * $_, queue => 0, submit => 1 }, longest_us => { events => 800, http => 12000, queue => 90, submit => 11000 } } } 0, 1],
		logs => [{ name => "/var/log/ranged/access.log", lines => $requests, dropped => 0 }, { name => "stderr", lines => 17, dropped => 3 }],
		top => {
			files => [map { { path => $_->[0], site => $_->[2] // "", bytes => int waves($t, $_->[1] * $scale, 30), requests => int waves($t, $_->[1] * 4, 30) } }
				["/pool/main/l/linux/linux-image-6.1.0-28-amd64_6.1.119-1_amd64.deb", 210], ["/films/a.mkv", 180], ["/data/2026/11/part-00017.parquet", 90],
				["/video/\x{65e5}\x{672c}\x{8a9e}/clip.mp4", 40, "media.example"], ["/odd/\x{1b}[31mred", 20], ["/x", 1]],
			clients => [map { { address => $_->[0], bytes => int waves($t, $_->[1] * $scale, 30), connections => $_->[2] } }
				["192.0.2.7", 300, 120], ["2001:db8:85a3::8a2e:370:7334", 200, 64], ["198.51.100.23", 100, 12], ["203.0.113.5", 5, 1]] },
	};
}
