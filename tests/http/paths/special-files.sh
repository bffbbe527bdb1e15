#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# FIFOs, sockets and devices are 404, and are not opened: nothing hangs and nobody on their other end notices.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
mkfifo "$ROOT/fifo"
perl -MSocket -e 'socket S, PF_UNIX, SOCK_STREAM, 0; bind S, pack_sockaddr_un($ARGV[0]) or die' "$ROOT/socket"
ln -s fifo "$ROOT/to-fifo"
specials="fifo socket to-fifo"
if [ "$(id -u)" = 0 ] && mknod "$ROOT/device" c 1 5 2>/dev/null; then specials="$specials device"; fi
start_ranged

# A writer of the FIFO would get past its open if anybody opened it for reading.
(echo x >"$ROOT/fifo"; touch "$DIR/opened") 2>/dev/null &
for name in $specials; do
	get "/$name" --max-time "$(seconds 5)"
	is "$RC $STATUS" "0 404" "$name is 404"
	get_range 0-9 "/$name" --max-time "$(seconds 5)"
	is "$RC $STATUS" "0 404" "a range of $name too"
done
not_ok "the FIFO was not opened" test -e "$DIR/opened"
get /a.bin
is "$STATUS" 200 "a file is served"
finish
