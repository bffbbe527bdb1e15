#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A PROXY header before a TLS handshake.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_file a.bin 300001 p/a.bin 100
start_tls "$(tls_pairs a)" 'proxy_protocol = {"127.0.1.0/24"}' 'trusted_proxies = {"192.0.2.0/24"}' 'location "/p/" { allow = {"192.0.2.0/24"} }'

secure_get /a.bin
is "$STATUS" 200 "a connection without a proxy is served"
secure_get /a.bin --interface 127.0.1.1 --haproxy-protocol
is "$STATUS" 200 "a header and a handshake of curl are accepted"
cmp_whole a.bin
secure_get /a.bin --interface 127.0.1.1
isnt "$RC" 0 "a handshake without a header is rejected"
secure_get /a.bin --haproxy-protocol
isnt "$RC" 0 "a header from another address is rejected"

# A proxy that sends a header before the bytes of openssl.
perl -MSocket -MIO::Select -e '
	my ($to, $header) = @ARGV;
	socket my $listener, PF_INET, SOCK_STREAM, 0 or die;
	bind $listener, pack_sockaddr_in(0, INADDR_LOOPBACK) or die;
	listen $listener, 1 or die;
	$| = 1;
	print +(unpack_sockaddr_in getsockname $listener)[0], "\n";
	accept my $client, $listener or die;
	socket my $server, PF_INET, SOCK_STREAM, 0 or die;
	bind $server, pack_sockaddr_in(0, inet_aton "127.0.1.1") or die;
	connect $server, pack_sockaddr_in($to, INADDR_LOOPBACK) or die;
	syswrite $server, "$header\r\n";
	my $both = IO::Select->new($client, $server);
	while (my @ready = $both->can_read) {
		for (@ready) {
			sysread $_, my $bytes, 65536 or exit;
			syswrite $_ == $client ? $server : $client, $bytes;
		}
	}' "$TLS_PORT" 'PROXY TCP4 192.0.2.1 198.51.100.2 12345 443' >"$DIR/port" &
ok "the proxy has started" await 5 test -s "$DIR/port"
printf 'GET /p/a.bin HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n' |
	timeout "$(seconds 30)" openssl s_client -quiet -connect "127.0.0.1:$(cat "$DIR/port")" -servername a.example >"$DIR/reply" 2>"$DIR/s_client"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "the client is the one that the header names"
cmp_whole p/a.bin "the body is correct" "$DIR/1.body"
stop_ranged
ok "the access log has the address of the client" grep -q '^192\.0\.2\.1 - - .* 200 ' "$DIR/access.log"
finish
