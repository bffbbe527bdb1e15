#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Connections that all become fast at the same time share the kernel memory for unsent bytes, also if all of them stop
# reading again.
. "$(dirname "$0")/../lib.sh"

need_root
need_cmd unshare ss
unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
make_file long.bin 50000000
# A machine whose TCP memory is limited to 78 MiB. Of that, ranged may use an eighth for sockets.
printf '18000\t20000\t24000\n' >"$DIR/tcp_mem"
# shellcheck disable=SC2016
PREFIX=(unshare -m bash -c 'mount --bind "$0" /proc/sys/net/ipv4/tcp_mem && exec "$@"' "$DIR/tcp_mem")
CACHE=128M
config 'min_rate = 0'
start_ranged --workers 1
curl -sS -o /dev/null "$URL/long.bin"
unsent() { ss -tnH state established src "$ADDRESS" | awk '{ sum += $2 } END { print int(sum / 1024) }'; }

# Each of 60 clients requests the file. Each line of the input lets every client receive 1.3 MB. The answer is a line.
coproc CLIENTS {
	exec perl -MSocket -e '
		my ($host, $port) = split /:/, $ARGV[0];
		my @sockets;
		for (1 .. 60) {
			socket my $socket, PF_INET, SOCK_STREAM, 0 or die;
			setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 32768 or die;
			connect $socket, sockaddr_in($port, inet_aton $host) or die "connect: $!";
			syswrite $socket, "GET /long.bin HTTP/1.1\r\nHost: x\r\n\r\n";
			push @sockets, $socket;
		}
		$| = 1;
		while (<STDIN>) {
			my @left = (1300000) x @sockets;
			while (my ($most) = grep { $_ > 0 } @left) {
				my $ready = "";
				vec($ready, fileno $sockets[$_], 1) = $left[$_] > 0 for 0 .. $#sockets;
				select $ready, undef, undef, undef;
				for (grep { vec $ready, fileno $sockets[$_], 1 } 0 .. $#sockets) {
					$left[$_] -= sysread($sockets[$_], my $bytes, 300000) || die "end\n";
				}
			}
			print "received\n";
		}' "$ADDRESS" 2>"$DIR/perl"
}
clients=$CLIENTS_PID # bash clears the variable when the process ends
most=0
for _ in 1 2 3 4; do
	echo >&"${CLIENTS[1]}"
	read -r -t "$(seconds 20)" -u "${CLIENTS[0]}" line || diag "the clients: $(cat "$DIR/perl")"
	for _ in 1 2 3 4 5 6; do # the limits change twice a second
		sleep 0.2
		now=$(unsent)
		[ "$now" -le "$most" ] || most=$now
	done
done
is "$line" received "the clients receive"
at_least "$most" 1000 "the server is ahead of the clients (KiB)"
at_most "$most" 30000 "the unsent bytes of clients that were fast at the same time are bounded (KiB)"
kill "$clients" 2>/dev/null
wait "$clients" 2>/dev/null
finish
