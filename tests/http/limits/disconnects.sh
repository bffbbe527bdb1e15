#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client that disconnects while it is limited returns its reserved share. A limited response reads each byte once.
# Stopping ends limited responses.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file a.bin 3000000 never/a.bin 3000000 slow/a.bin 3000000
sync -f "$ROOT"
config 'rate_total = 1M' 'drain_timeout = 1s' 'max_connections_per_client = 0' 'location "/never/" { cache = never rate = 200K }' \
	'location "/slow/" { rate_file = 1K }'
control_clock
start_ranged --workers 1
perl -MIO::Socket::INET -MSocket -e '
	for (1 .. 400) {
		my $socket = IO::Socket::INET->new($ARGV[0]) or next;
		print $socket "GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n";
		sysread $socket, my $byte, 1;
		setsockopt $socket, SOL_SOCKET, SO_LINGER, pack "ii", 1, 0;
		close $socket;
	}' "$ADDRESS"
from=$(date +%s%N)
get_range 0-99999 /a.bin
took=$((($(date +%s%N) - from) / 1000000))
cmp_range a.bin 0 99999
at_most $took "$(seconds 3000)" "400 clients that disconnected delay no other client: $took ms"

before=$(read_bytes)
start_fast_clock
get_range 0-599999 /never/a.bin
stop_fast_clock
cmp_range never/a.bin 0 599999
at_most $(($(read_bytes) - before)) 2000000 "a response that is sent in small parts is read once"

for i in $(seq 20); do
	curl -sS -o /dev/null "$URL/slow/a.bin" 2>/dev/null &
	FETCHES[i]=$!
done
sleep 0.5
stop_ranged
is "$(grep -c 'does not answer' "$DIR/error.log")" 0 "limited responses end when ranged stops"
wait "${FETCHES[@]}" 2>/dev/null
echo "1..$TESTS"
FINISHED=1
[ $FAILED = 0 ]
