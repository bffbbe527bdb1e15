#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A disk that hangs does not trigger the watchdog, with reads and opens that wait for it. Cached files are served.
. "$(dirname "$0")/../lib.sh"

need_fuse
factor=$((RANGED_SLOW < 3 ? RANGED_SLOW : 3)) # of the times that really pass
make_content() { make_file hot.bin 300000 cold.bin 3000000 other.bin 100000; }
mount_faulty_disk "$ROOT"
perl -MSocket -e '
	socket S, PF_UNIX, SOCK_DGRAM, 0 or die; bind S, pack_sockaddr_un($ARGV[0]) or die;
	$| = 1;
	print "$_\n" while defined recv S, $_, 8192, 0' "$DIR/notify" >"$DIR/notes" &
await 10 test -S "$DIR/notify"
PREFIX=(env "NOTIFY_SOCKET=$DIR/notify" WATCHDOG_USEC=$((2000000 * factor)))
config 'disk_queue_timeout = 10m' # requests wait for the disk
start_ranged
get /hot.bin
get /hot.bin
beats() { grep -c '^WATCHDOG=1$' "$DIR/notes"; }
alive() { [ "$(beats)" -ge "$1" ]; }
ok "the watchdog is notified" await 5 alive 2

set_fault $((8000 * factor)) 0 0
curl -sS -o "$DIR/cold" "$URL/cold.bin" &
cold=$!
curl -sS -o /dev/null "$URL/absent.bin" &
curl -sS -o /dev/null "$URL/other.bin" &
sleep 1
before=$(beats)
sleep $((5 * factor))
ok "the disk hangs" kill -0 $cold
at_least $(($(beats) - before)) 4 "the watchdog is still notified"
get /hot.bin
is "$STATUS" 200 "a cached file is served"
set_fault 0 0 0
wait $cold
is $? 0 "the request is answered after the disk has recovered"
cmp_whole cold.bin "the body is correct" "$DIR/cold"
finish
