#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd gets READY=1 when ranged accepts connections, and STOPPING=1 when ranged drains.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
perl -MSocket -e '
	socket S, PF_UNIX, SOCK_DGRAM, 0 or die; bind S, pack_sockaddr_un($ARGV[0]) or die;
	$| = 1;
	while (defined recv S, $_, 8192, 0) { print "$_\n"; exit if /STOPPING=1/ }' "$DIR/notify" >"$DIR/notes" &
listener=$!
await 10 test -S "$DIR/notify"
PREFIX=(env "NOTIFY_SOCKET=$DIR/notify")
start_ranged

ready() { grep -q '^READY=1$' "$DIR/notes"; }
ok "READY=1 is sent" await 5 ready
get /a.bin
is "$STATUS" 200 "ranged accepts connections then"
not_ok "STOPPING=1 is not sent before the stop" grep STOPPING "$DIR/notes"
stop_ranged
ok "STOPPING=1 is sent" await 5 grep -q '^STOPPING=1$' "$DIR/notes"
kill $listener 2>/dev/null
finish
