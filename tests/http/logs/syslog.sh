#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# access_log = syslog: each line is one datagram. A syslog daemon that restarts, hangs or is missing delays no request.
. "$(dirname "$0")/../lib.sh"

need_root
need_cmd unshare
unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
make_file a.bin 100
# In a private /dev, log is a link to a socket of this test.
# shellcheck disable=SC2016
PREFIX=(unshare -m bash -c 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && ln -s "$0/logger" /dev/log && exec "$@"' "$DIR")
receive() { # writes each datagram as a line of $DIR/syslog until the socket is removed
	perl -MSocket -e '
		chdir $ARGV[0] or die;
		socket S, PF_UNIX, SOCK_DGRAM, 0 or die;
		bind S, pack_sockaddr_un("logger") or die;
		$| = 1;
		while (defined recv S, $_, 65536, 0) { print "$_\n" }' "$DIR" >>"$DIR/syslog" &
	LOGGER=$!
	await 10 test -S "$DIR/logger"
}
forget() { kill "$LOGGER"; wait "$LOGGER" 2>/dev/null; rm -f "$DIR/logger"; }
lines() { [ "$(wc -l <"$DIR/syslog")" -ge "$1" ]; }

receive
config 'access_format = combined'
start_ranged --access-log syslog
get_range 0-9 /a.bin -A agent/1
get '/absent?x'
ok "each request has a datagram" await 5 lines 2
head='^<30>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} ranged\['$PID'\]: 127\.0\.0\.1 - - \['
like "$(sed -n 1p "$DIR/syslog")" "$head.*\"GET /a\.bin HTTP/1\.1\" 206 10 \"-\" \"agent/1\"\$" \
	"the line follows the header of syslog"
like "$(sed -n 2p "$DIR/syslog")" "$head.*\"GET /absent\?x HTTP/1\.1\" 404 " "the second line is correct"

forget
get /a.bin
is "$STATUS" 200 "a request is served without a syslog daemon"
ok "lost lines are reported" await 5 grep -q 'of the log syslog w[a-z]* lost: No such file' "$DIR/error.log"
receive
get /a.bin?again
ok "a new syslog daemon gets the lines" await 5 grep -q again "$DIR/syslog"

kill -STOP "$LOGGER"
ok "requests are served while the daemon hangs" overfill_log
take_stats
at_least "$(stat_of dropped 'log.*name=syslog')" 50 "lines that do not fit are counted"
ok "they are reported while the daemon hangs" await 10 grep -q 'of the log syslog were lost: the queue was full' "$DIR/error.log"
kill -CONT "$LOGGER"
ok "the queued lines are sent when the daemon continues" await 10 lines 100
stop_ranged
forget
finish
