#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Thousands of connections end at the same moment, as when a load balancer restarts. The work is spread over iterations
# of the event loop, so that no iteration is long. The same for requests that arrive at the same moment, and for the
# end of ranged.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../admin.sh"

limit=$(ulimit -Hn)
[ "$limit" != unlimited ] || limit=20000
count=$(((limit - 1000) / 2))
[ $count -ge 500 ] || skip_all "needs more descriptors"
[ $count -le 5000 ] || count=5000
ulimit -n "$limit"
make_file a.bin 1000
config 'workers = 1' "max_connections = $((count + 50))" 'max_connections_per_client = 0' 'idle_timeout = 10m'
# Other tests that run at the same time must not interrupt an iteration.
[ "$(id -u)" != 0 ] || PREFIX=(nice -n -20 "${PREFIX[@]}")
start_with_admin

# Opens the connections. After each line of standard input, sends a request on each connection and reads the responses.
# At its end, the kernel closes all connections.
# shellcheck disable=SC2016 # a program in Perl
clients='
	my ($count, $host, $port) = @ARGV;
	my @sockets;
	$| = 1;
	for (1 .. $count) {
		socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!";
		connect $socket, pack_sockaddr_in($port, inet_aton $host) or die "connect: $!";
		push @sockets, $socket;
	}
	print "open\n";
	while (<STDIN>) {
		syswrite $_, "GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n" or die "send: $!" for @sockets;
		print "sent\n";
		my ($served, $bytes) = (0);
		sysread($_, $bytes, 65536) && $bytes =~ m{^HTTP/1.1 200} && $served++ for @sockets;
		print "served $served\n";
	}'
mkfifo "$DIR/commands"
start_clients() {
	perl -MSocket -e "$clients" "$count" "${ADDRESS%:*}" "${ADDRESS##*:}" <"$DIR/commands" >"$DIR/clients" & crowd=$!
	exec 9>"$DIR/commands"
	await 30 grep -q open "$DIR/clients"
}
iterations() { take_numbers; metric 'ranged_loop_iterations_total{worker="0"}'; }
longest_us() { metric 'ranged_loop_longest_stall_seconds{worker="0",call="http"}' | awk '{ printf "%d", $1 * 1e6 }'; }
# ranged is stopped while the events occur, so that all of them are pending when it continues.
work_us() { # processor time of the reactor
	local ns
	read -r ns _ <"/proc/$PID/task/$(threads ranged-r0)/schedstat"
	echo $((ns / 1000))
}
note_work() { iterations_before=$(iterations) longest_before=$(longest_us) work_before=$(work_us); }
is_spread() { # NAME
	local work=$(($(work_us) - work_before)) most
	at_least $(($(iterations) - iterations_before)) $((count / 250)) "$1: the work is spread over iterations"
	# Without a bound, one iteration takes nearly all of the time. Other processes may interrupt an iteration.
	most=$((work / 3 > longest_before ? work / 3 : longest_before))
	at_most "$(longest_us)" $((most > 50000 * RANGED_SLOW ? most : 50000 * RANGED_SLOW)) "$1: no iteration is long (µs)"
}

start_clients
ok "$count clients are connected" await_metric 'ranged_connections{state="head"}' "$count"
note_work
kill -STOP "$PID"
echo go >&9
await 20 grep -q sent "$DIR/clients"
kill -CONT "$PID"
ok "all requests are served" await 30 grep -qx "served $count" "$DIR/clients"
is_spread "requests at the same moment"

note_work
kill -STOP "$PID"
exec 9>&-
wait $crowd
kill -CONT "$PID"
ok "all connections are closed" await_metric 'ranged_connections{state="idle"}' 0
is_spread "connections that end at the same moment"

start_clients
kill -TERM "$PID"
await_server 10 grep -q "draining $count connections" "$DIR/error.log"
kill -TERM "$PID"
end_ranged
is $? 0 "a second signal closes all connections"
exec 9>&-
finish
