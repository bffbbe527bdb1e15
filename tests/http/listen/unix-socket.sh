#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A Unix socket: served, logged, and taken over from a run that did not clean up.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 3000001
LISTEN=unix:$DIR/socket
start_ranged
get_unix() { get "$1" --unix-socket "$DIR/socket" "${@:2}"; }
URL=http://localhost

get_unix /a.bin
is "$STATUS" 200 "served"
cmp_whole a.bin
get_unix /a.bin -H 'Range: bytes=1000000-1999999'
cmp_range a.bin 1000000 1999999 "a range"
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | perl "$LIB/wire.pl" -b 8192 -r 8000000 "$LISTEN" >"$DIR/reply"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "slowly"
cmp_whole a.bin "slowly, all of it" "$DIR/1.body"
stop_ranged
like "$(head -n 1 "$DIR/access.log")" '^unix: - - ' "logged"

start_ranged
kill -KILL "$PID"
wait "$PID" 2>/dev/null
ok "killed, it leaves the socket" test -S "$DIR/socket"
start_ranged
URL=http://localhost
get_unix /a.bin
is "$STATUS" 200 "which the next run takes over"

echo text >"$DIR/file"
"$RANGED" --listen "unix:$DIR/file" "$ROOT" 2>"$DIR/taken"
isnt $? 0 "where there is a file, it does not listen"
is "$(cat "$DIR/file")" text "and leaves the file alone"
finish
