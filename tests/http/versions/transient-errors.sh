#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A lookup that fails because no descriptor is available is answered with 503 and Retry-After. The cached extents of the
# file remain.
. "$(dirname "$0")/../lib.sh"

need_cmd prlimit
make_file a.bin 300000 large.bin 3000000
control_clock
start_ranged --workers 1
for file in a large; do get "/$file.bin"; get "/$file.bin"; done
read=$(read_bytes)

# The requests use a connection that was opened before.
cat >"$DIR/ask.pl" <<'PERL'
use IO::Socket::INET;
my ($address, $ready, $go) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $address) or die;
sub ask {
	print $socket "HEAD /a.bin HTTP/1.1\r\nHost: x\r\n\r\n";
	my $head = "";
	while ($head !~ /\r\n\r\n/) { sysread($socket, $head, 4096, length $head) or last }
	print join(" ", $head =~ m{^HTTP/1.1 (\d+)}, $head =~ /^(Retry-After: \d+)/m), "\n";
}
ask();
open my $out, ">", $ready;
select undef, undef, undef, 0.02 until -e $go;
ask() for 1 .. 3;
PERL
perl "$DIR/ask.pl" "$ADDRESS" "$DIR/ready" "$DIR/go" >"$DIR/statuses" &
asker=$!
await 10 test -e "$DIR/ready"
advance 2
prlimit --pid "$PID" --nofile=3:
touch "$DIR/go"
wait $asker
prlimit --pid "$PID" --nofile=1000:
is "$(tr '\n' ';' <"$DIR/statuses")" "200;503 Retry-After: 1;503 Retry-After: 1;503 Retry-After: 1;" \
	"requests without an available descriptor are answered with 503"

for file in a large; do
	get "/$file.bin"
	is "$STATUS" 200 "$file.bin is served when descriptors are available again"
	cmp_whole "$file.bin"
done
is "$(read_bytes)" "$read" "the bytes come from the cache"
finish
