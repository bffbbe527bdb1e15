#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# FIFOs, sockets and devices are answered with 404. They are not opened, so no request hangs.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
mkfifo "$ROOT/fifo"
perl -MSocket -e 'socket S, PF_UNIX, SOCK_STREAM, 0; bind S, pack_sockaddr_un($ARGV[0]) or die' "$ROOT/socket"
ln -s fifo "$ROOT/to-fifo"
specials="fifo socket to-fifo"
if [ "$(id -u)" = 0 ] && mknod "$ROOT/device" c 1 5 2>/dev/null; then specials="$specials device"; fi
start_ranged

# A writer of the FIFO would continue if the FIFO were opened for reading.
(echo x >"$ROOT/fifo"; touch "$DIR/opened") 2>/dev/null &
for name in $specials; do
	get "/$name" --max-time "$(seconds 5)"
	is "$RC $STATUS" "0 404" "$name is 404"
	get_range 0-9 "/$name" --max-time "$(seconds 5)"
	is "$RC $STATUS" "0 404" "a range of $name is 404"
done
not_ok "the FIFO is not opened" test -e "$DIR/opened"
get /a.bin
is "$STATUS" 200 "a regular file is served"
finish
