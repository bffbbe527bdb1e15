#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client that shuts down its sending side after the request still gets the whole response, single or multipart, hot or
# cold. Afterwards the server closes the connection.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 5000001 b.bin 70000001 c.bin 10007 d.bin 10007 e.bin 100007
mkdir "$ROOT/limited"
head -c 500000 "$ROOT/a.bin" >"$ROOT/limited/f.bin"
config 'location "/limited/" {' 'rate = 300K' '}'
CACHE=64M
start_ranged --workers 1
get_whole_head /a.bin
curl -sS -o /dev/null -o /dev/null "$URL/a.bin" "$URL/a.bin"
# libmicrohttpd treats its oldest connection differently.
sockets=$(($(socket_count) + 1))
exec 8<>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"

# PATH [FIELDS [DELAY]]: sends a request and shuts down the sending side. The last line is sent DELAY seconds later.
# Sets STATUS, and RC, which is 0 if the server closed.
half_closed() {
	# shellcheck disable=SC2016
	printf 'GET /%s HTTP/1.1\r\nHost: x\r\n%b\r\n' "$1" "${2:-}" | perl -MSocket -e '
		my ($host, $port) = split /:/, $ARGV[0];
		socket my $socket, PF_INET, SOCK_STREAM, 0 or die;
		connect $socket, sockaddr_in($port, inet_aton $host) or die "connect: $!";
		$SIG{ALRM} = sub { die "no end\n" };
		alarm $ARGV[1];
		my $request = do { local $/; <STDIN> };
		syswrite $socket, substr $request, 0, -2;
		select undef, undef, undef, $ARGV[2];
		syswrite $socket, substr $request, -2;
		shutdown $socket, 1;
		my $bytes;
		print $bytes while sysread $socket, $bytes, 1 << 20' "$ADDRESS" "$(seconds 10)" "${3:-0}" >"$DIR/reply" 2>"$DIR/perl"
	RC=$?
	STATUS=$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")
}
half_closed a.bin 'Connection: close\r\n'
is "$STATUS $RC" "200 0" "the whole file is sent"
cmp_whole a.bin "its bytes are correct" "$DIR/1.body"
half_closed a.bin 'Connection: close\r\nRange: bytes=5-4900000\r\n'
is "$STATUS $RC" "206 0" "a long range is sent"
cmp_range a.bin 5 4900000 "its bytes are correct" "$DIR/1.body"
half_closed a.bin 'Connection: close\r\nRange: bytes=5-1000000,2000000-2000010,3000000-5000000\r\n'
is "$STATUS $RC" "206 0" "a multipart is sent"
cp "$DIR/1.body" "$BODY" && cp "$DIR/1.head" "$HEAD" && STATUS=206
is_multipart a.bin 5-1000000 2000000-2000010 3000000-5000000
half_closed a.bin
is "$STATUS $RC" "200 0" "without Connection: close the whole file is sent, and the connection is closed"
half_closed b.bin 'Range: bytes=0-40000000\r\n'
is "$STATUS $RC" "206 0" "a cold range is sent, and the connection is closed"
cmp_range b.bin 0 40000000 "its bytes are correct" "$DIR/1.body"
half_closed c.bin 'Connection: close\r\n'
is "$STATUS $RC" "200 0" "a short cold file is sent"
half_closed d.bin
is "$STATUS $RC" "200 0" "a short cold file is sent, and the connection is closed"
half_closed c.bin
is "$STATUS $RC" "200 0" "a short hot file is sent, and the connection is closed"
half_closed e.bin 'Connection: close\r\n' 0.6
is "$STATUS $RC" "200 0" "a cold file is sent after a request that took longer than 0.5 s to arrive"
cmp_whole e.bin "its bytes are correct" "$DIR/1.body"
# This takes 1.5 s. Meanwhile, the limit of unsent bytes of the connection changes.
half_closed limited/f.bin 'Connection: close\r\n'
is "$STATUS $RC" "200 0" "a file is sent at a limited rate"
cmp_whole limited/f.bin "its bytes are correct" "$DIR/1.body"
ok "no connection is left behind" await 5 sockets_at_most "$sockets"
finish
