#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# wire.pl [OPTION]... ADDRESS: sends standard input unchanged to host:port, [v6]:port or unix:/path, and writes the
# response to standard output until the server closes the connection. It never half-closes the connection. The exit
# status is 0 if the server closed the connection, 4 if it reset it, 3 at the time limit, and 5 if it refused the
# connection.
#
#	-t SECONDS  time limit (default: 20 times RANGED_SLOW)
#	-c BYTES    send this many bytes at a time (default: all)
#	-d SECONDS  pause between two of these sends
#	-b BYTES    size of the receive buffer (SO_RCVBUF)
#	-f BYTES    read this many bytes, then do as the following options say:
#	-p PREFIX   create PREFIX.reached, and continue when PREFIX.go exists
#	-r RATE     continue with this many bytes per second
#	-a          reset the connection; -q closes it
#	-n COUNT    repeat everything COUNT times, with one connection after the other
#	-i ADDRESS  source address
# Needs perl-base only.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo IPPROTO_TCP TCP_NODELAY SO_LINGER MSG_DONTWAIT MSG_NOSIGNAL);
use Errno qw(EPIPE ECONNRESET);

my $slow = $ENV{RANGED_SLOW} || 1;
my %option = (t => 20 * $slow, d => 0, n => 1);
while (@ARGV > 1) {
	my $name = shift;
	$name =~ s/^-// or die "wire.pl: $name\n";
	$option{$name} = $name =~ /^[aq]$/ ? 1 : shift;
}
my $address = shift;
my $start = now();
$SIG{PIPE} = 'IGNORE';
binmode STDIN;
binmode STDOUT;
my $request = do { local $/; <STDIN> } // '';
my $status = 0;
$status = converse() for 1 .. $option{n};
exit $status;

# The rate needs fractions of a second. Time::HiRes is not in perl-base, but /proc/uptime has hundredths.
sub now { open my $uptime, '<', '/proc/uptime' or die; return (split ' ', <$uptime>)[0] }

sub nap { select undef, undef, undef, $_[0] }

sub finish { print STDERR "wire.pl: $_[1]\n"; exit $_[0] }

sub dial
{
	my $socket;
	if (my ($path) = $address =~ /^unix:(.*)/s) {
		socket $socket, PF_UNIX, SOCK_STREAM, 0 or die "socket: $!\n";
		connect $socket, pack_sockaddr_un($path) or finish(5, "connect: $!");
		return $socket;
	}
	my ($host, $port) = $address =~ /^(.*):(\d+)$/ or die "wire.pl: address $address\n";
	$host =~ s/^\[(.*)\]$/$1/;
	my ($error, $info) = getaddrinfo $host, $port, { socktype => SOCK_STREAM };
	die "$host: $error\n" if $error;
	socket $socket, $info->{family}, SOCK_STREAM, IPPROTO_TCP or die "socket: $!\n";
	setsockopt $socket, SOL_SOCKET, SO_RCVBUF, pack('i', $option{b}) or die if $option{b};
	if ($option{i}) {
		my (undef, $own) = getaddrinfo $option{i}, 0, { socktype => SOCK_STREAM };
		bind $socket, $own->{addr} or die "bind: $!\n";
	}
	connect $socket, $info->{addr} or finish(5, "connect: $!");
	setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
	return $socket;
}

# SOCKET SECONDS WANTS ("r", "w", "rw"): waits until the socket is ready, and returns for what, as a string of the same
# letters. Ends the program at the time limit.
sub ready
{
	my ($socket, $wait, $wants) = @_;
	my $bits = '';
	vec($bits, fileno $socket, 1) = 1;
	my $left = $option{t} - (now() - $start);
	finish(3, "no end after $option{t} s") if $left <= 0;
	my ($read, $write) = map { $wants =~ /$_/ ? $bits : '' } 'r', 'w';
	return '' unless select($read, $write, undef, $wait < $left ? $wait : $left) > 0;
	return join '', map { $_->[1] =~ /[^\0]/ ? $_->[0] : () } ['r', $read], ['w', $write];
}

# Reads at most this many bytes. Returns their number, 0 at the end, or undef after a reset.
sub take
{
	my ($socket, $most) = @_;
	1 until ready($socket, 60, 'r');
	my $count = sysread($socket, my $bytes, $most);
	return undef unless defined $count;
	for (my $done = 0; $done < $count;) {
		my $written = syswrite STDOUT, $bytes, $count - $done, $done;
		defined $written or die "stdout: $!\n";
		$done += $written;
	}
	return $count;
}

# Sends the request. With $eager it also reads, so that neither side waits for the other.
sub send_all
{
	my ($socket, $eager) = @_;
	for (my $sent = 0; $sent < length $request;) {
		my $can = ready($socket, 60, $eager ? 'rw' : 'w');
		return if $can =~ /r/ && !take($socket, 65536);
		next unless $can =~ /w/;
		my $count = send $socket, substr($request, $sent, $option{c} || 65536), MSG_NOSIGNAL | MSG_DONTWAIT;
		return if !defined $count && ($! == EPIPE || $! == ECONNRESET);
		$sent += $count // 0;
		nap($option{d}) if $option{d} && $sent < length $request;
	}
}

sub converse
{
	my $socket = dial();
	my $plain = !defined $option{f} && !$option{r};
	send_all($socket, $plain);
	my $left = $option{f} // 0;
	while ($left > 0) {
		my $got = take($socket, $left < 65536 ? $left : 65536);
		return defined $got ? 0 : 4 unless $got;
		$left -= $got;
	}
	if ($option{p}) {
		open my $mark, '>', "$option{p}.reached" or die;
		until (-e "$option{p}.go") {
			finish(3, 'no go') if now() - $start > $option{t};
			nap(0.02);
		}
	}
	if ($option{a}) {
		setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
		close $socket;
		return 0;
	}
	if ($option{q}) {
		close $socket;
		return 0;
	}
	my ($began, $taken) = (now(), 0);
	while (1) {
		my $most = 65536;
		if ($option{r}) {
			$most = int($option{r} * (now() - $began + 0.05)) - $taken;
			if ($most <= 0) { nap(0.05); next }
			$most = 65536 if $most > 65536;
		}
		my $got = take($socket, $most);
		return defined $got ? 0 : 4 unless $got;
		$taken += $got;
	}
}
