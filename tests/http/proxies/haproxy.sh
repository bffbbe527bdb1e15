#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# PROXY headers of HAProxy, versions 1 and 2, over TCP and over a Unix socket, and its health checks.
. "$(dirname "$0")/../lib.sh"
need_cmd haproxy

make_file a.bin 3000001 p/a.bin 100
config 'proxy_protocol = {"127.0.0.1", "unix:"}' 'location "/p/" { allow = {"127.0.0.9"} }'
LISTEN=
start_ranged --listen 127.0.0.1:0 --listen "unix:$DIR/ranged"
{
	printf '%s\n' defaults '  mode tcp' '  timeout connect 5s' '  timeout client 60s' '  timeout server 60s'
	fd=10
	while read -r name server; do
		printf '%s\n' "listen $name" "  bind fd@$fd" "  bind unix@$DIR/$name" "  server ranged $server"
		fd=$((fd + 1))
	done <<-END
		v1 $ADDRESS send-proxy check inter 100ms
		v2 $ADDRESS send-proxy-v2 check inter 100ms check-send-proxy
		v2-more $ADDRESS send-proxy-v2 proxy-v2-options unique-id,authority,crc32c
		v1-unix unix@$DIR/ranged send-proxy
		v2-unix unix@$DIR/ranged send-proxy-v2
	END
} >"$DIR/haproxy.cfg"
# HAProxy does not accept port 0, but it accepts sockets that another process has opened.
perl -MSocket -MPOSIX=dup2 -e '
	$^F = 99;
	for my $fd (10 .. 14) {
		socket my $socket, PF_INET, SOCK_STREAM, 0 or die;
		bind $socket, pack_sockaddr_in(0, INADDR_LOOPBACK) or die;
		listen $socket, 64 or die;
		print +(unpack_sockaddr_in(getsockname $socket))[0], "\n";
		dup2(fileno $socket, $fd) or die;
	}
	close STDOUT;
	open STDOUT, ">&", \*STDERR;
	exec "haproxy", "-db", "-f", $ARGV[0]' "$DIR/haproxy.cfg" >"$DIR/ports" 2>"$DIR/haproxy.log" &
haproxy_pid=$!
ok "HAProxy has started" await 10 test -S "$DIR/v2-unix"
mapfile -t ports <"$DIR/ports"

i=0
for name in v1 v2 v2-more v1-unix v2-unix; do
	use_address "127.0.0.1:${ports[i]}"
	i=$((i + 1))
	get /a.bin
	is "$STATUS" 200 "$name: the request is served"
	cmp_whole a.bin "$name: the body is correct"
	get /p/a.bin
	is "$STATUS" 403 "$name: a client that is not allowed is rejected"
	get /p/a.bin --interface 127.0.0.9
	is "$STATUS" 200 "$name: the client is the one that the header names"
	get_range 5-9 /a.bin --unix-socket "$DIR/$name"
	cmp_range a.bin 5 9 "$name: a client of HAProxy on a Unix socket is served"
done
kill "$haproxy_pid"
wait "$haproxy_pid"
stop_ranged
ok "the access log has the address of the client" grep -q '^127\.0\.0\.9 - - ' "$DIR/access.log"
finish
