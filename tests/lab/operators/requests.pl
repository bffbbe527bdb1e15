#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# requests.pl ADDRESS [ADDRESS6]: sends requests of every kind that a server on the internet receives, each on its own
# connection: successful, rejected, hostile and aborted ones. Prints their number. Each of them causes one line in the
# access log. Needs perl-base only.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo SO_LINGER);

my ($address, $address6) = @ARGV;
my $sent = 0;
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "requests.pl: no response\n" };

sub dial
{
	my ($host, $port) = $_[0] =~ /^\[?(.*?)\]?:(\d+)$/ or die "requests.pl: $_[0]\n";
	my ($error, $found) = getaddrinfo($host, $port, { socktype => SOCK_STREAM });
	die "requests.pl: $error\n" if $error;
	socket my $socket, $found->{family}, SOCK_STREAM, 0 or die;
	connect $socket, $found->{addr} or die "requests.pl: connect: $!\n";
	$socket->autoflush(1);
	return $socket;
}

# BYTES [ADDRESS]: sends bytes and reads until the server closes the connection.
sub raw
{
	my $socket = dial($_[1] // $address);
	alarm 30 * ($ENV{RANGED_SLOW} || 1);
	syswrite $socket, $_[0];
	1 while sysread $socket, my $bytes, 1 << 20;
	$sent++;
}

# METHOD TARGET [FIELD...]: sends a request with Host and "Connection: close".
sub request
{
	my ($method, $target, @fields) = @_;
	raw(join("\r\n", "$method $target HTTP/1.1", 'Host: x', @fields, 'Connection: close', '', ''));
}

sub agent { return "User-Agent: $_[0]" }
sub referer { return "Referer: $_[0]" }
sub password { return 'Authorization: Basic ' . base64($_[0]) }

sub base64
{
	my $text = pack 'u', $_[0];
	$text =~ s/^.//mg;
	$text =~ tr/` -_\n/AA-Za-z0-9+\//d;
	my $padding = (3 - length($_[0]) % 3) % 3;
	return substr($text, 0, length($text) - $padding) . '=' x $padding;
}

my $browser = agent('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0');

# Successful requests.
request('GET', '/a.bin', $browser, referer('http://from.example/page?x=1'));
request('GET', '/a.bin?q=1&r=%22', $browser);
request('GET', '/a.bin', $browser, 'Range: bytes=0-99');
request('GET', '/a.bin', 'Range: bytes=0-9,5000-5009,9000-');
request('GET', '/a.bin', 'If-None-Match: *');
request('HEAD', '/a.bin', $browser);
request('OPTIONS', '*');
request('GET', '/a%20b.bin');
request('GET', '/%C3%A9.bin');
request('GET', '/private/a.bin', password('alice:secret'));
raw("GET /a.bin HTTP/1.0\r\n\r\n");
request('GET', "/large.bin?$_") for 1 .. 3;
raw("GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", $address6 || $address);
raw("GET /closed/a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", $address6 || $address);

# Rejected requests.
request('GET', '/absent', $browser);
request('GET', '/private');
request('GET', '/private/a.bin');
request('GET', '/private/a.bin', password('alice:wrong'));
request('GET', '/private/a.bin', password("mallory bob\xff\" [x]:wrong"));
request('GET', '/closed/a.bin');
request('GET', '/rare/a.bin') for 1 .. 2;
request('GET', '/a.bin', 'Range: bytes=99999-');
request('GET', '/a.bin', 'If-Match: "other"');
request('POST', '/a.bin', 'Content-Length: 0');
request('DELETE', '/a.bin');
request('BREW', '/pot');
request('PROPFIND', '/');
request('GET', '/%zz');
request('GET', '/../../etc/passwd');
request('GET', 'http://other.example/a.bin');
request('CONNECT', 'other.example:443');
request('GET', '/' . 'x' x 9000);
request('GET', '/' . 'y' x 20000);
request('GET', '/a.bin', 'X-Large: ' . 'z' x 40000);
raw("GET /a.bin HTTP/1.1\r\n\r\n");
raw("GET /a.bin HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n");

# Bytes that are not a request.
raw("GET /a.bin\r\n\r\n");
raw("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "\xa5" x 200 . "\r\n\r\n");
raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
raw("GET /a.bin HTTP/1.1\r\nHost x\r\n\r\n");
raw("garbage\r\n\r\n");

# Hostile texts.
for my $text ("\xff\xfe", "caf\xe9", "\xc3\xa9t\xc3\xa9", "a\xe2\x80\xaeb", "\xc2\x9b31m", "\xed\xa0\x80", "\xf4\x90\x80\x80", 'a"b', 'a\\', '\\"', '"', "a\tb", '%s%n%22', '-', '',
	'" 200 1 "-" "x', '] "GET / HTTP/1.1" 401 1', '<script>alert(1)</script>', "'; --", '{"a":1}', 'x' x 2000, "\xc3\xa9" x 1000) {
	request('GET', '/a.bin', agent($text), referer($text));
	(my $target = $text) =~ tr/ \t//d;
	request('GET', "/a.bin?$target", agent($text));
	request('GET', "/$target", referer("http://from.example/$text"));
}

# Connections that the client ends: within the header, and within the body.
{
	my $socket = dial($address);
	syswrite $socket, "GET /a.bin HTTP/1.1\r\nHo";
	select undef, undef, undef, 0.05;
	close $socket;
	$sent++;
	$socket = dial($address);
	syswrite $socket, "GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n";
	sysread $socket, my $bytes, 1000;
	setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
	close $socket;
	$sent++;
}
print "$sent\n";
