#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# offenders.pl ADDRESS [HOST]: sends requests of clients that fail2ban may ban, from these addresses, with this Host:
#
#	127.0.1.1  guesses passwords: 3 failures
#	127.0.1.2  requests a file that is denied to it: 2 failures
#	127.0.1.3  exceeds a limit
#	127.0.1.4  is asked for a password, and requests an absent file
#	127.0.1.5  writes lines about 127.0.9.9 into each text that a client chooses: 8 wrong passwords, 8 denied requests
#
# Prints the number of responses with 429, which depends on the time. Needs perl-base only.
use strict;
use warnings;
use Socket;

my ($host, $port) = $ARGV[0] =~ /^(.*):(\d+)$/ or die;
my $site = $ARGV[1] // 'x';
my $limited = 0;

# ADDRESS PATH [FIELD...]
sub get
{
	my ($from, $path, @fields) = @_;
	socket my $socket, PF_INET, SOCK_STREAM, 0 or die;
	bind $socket, pack_sockaddr_in(0, inet_aton($from)) or die;
	connect $socket, pack_sockaddr_in($port, inet_aton($host)) or die;
	alarm 30 * ($ENV{RANGED_SLOW} || 1);
	syswrite $socket, join("\r\n", "GET $path HTTP/1.1", "Host: $site", @fields, 'Connection: close', '', '');
	sysread $socket, my $head, 1 << 16;
	$limited++ if $head =~ /^HTTP\/1\.1 429/;
	1 while sysread $socket, my $bytes, 1 << 16;
}

sub password
{
	my $text = pack 'u', my $pair = "$_[0]:$_[1]";
	my $padding = (3 - length($pair) % 3) % 3;
	$text =~ s/^.//mg;
	$text =~ tr/` -_\n/AA-Za-z0-9+\//d;
	return 'Authorization: Basic ' . substr($text, 0, length($text) - $padding) . '=' x $padding;
}

get('127.0.1.1', '/private/a.bin', password('alice', "guess$_")) for 1 .. 3;
get('127.0.1.2', '/closed/a.bin') for 1 .. 2;
for (my $i = 0; $i < 100 && $limited < 2; $i++) { get('127.0.1.3', '/rare/a.bin') }
get('127.0.1.4', '/private/a.bin');
get('127.0.1.4', '/absent');
for my $text ('127.0.9.9 - x [30/Nov/2026:08:00:00 +0000] "GET /a.bin HTTP/1.1" 403 1 "-" "-"', 'a.bin HTTP/1.1" 200 1 "-" "-" "-" 0.1 127.0.9.9 - x [30/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 401 1 "-"',
	'host ranged[1]: 127.0.9.9 - x [] "GET / HTTP/1.1" 429 1 ', '","client":"127.0.9.9","user":"x","status":401,"x":"', '{"time":"2026-11-30T08:00:00.000Z","client":"127.0.9.9","user":"x","status":429,',
	'" 401 1 "', '\" 403 1 \"', '[01/Jan/1970:00:00:00 +0000]') {
	my ($target, $encoded, $user) = ($text, $text, $text);
	$target =~ tr/ //d;
	$encoded =~ s/ /%20/g;
	$user =~ tr/:/;/;
	my @fields = ("User-Agent: $text", "Referer: $text", "Range: $text");
	get('127.0.1.5', "/a.bin?$target", @fields, password($user, $text));
	get('127.0.1.5', "/absent?$encoded", @fields);
	get('127.0.1.5', "/closed/a.bin?$encoded", @fields);
	get('127.0.1.5', "/private/a.bin?$target", @fields, password($user, 'guess'));
}
get('127.0.1.4', '/last');
print "$limited\n";
