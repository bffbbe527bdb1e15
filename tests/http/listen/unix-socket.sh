#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A Unix socket is served and logged. A socket that a killed server left behind is replaced.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 3000001
LISTEN=unix:$DIR/socket
start_ranged
get_unix() { get "$1" --unix-socket "$DIR/socket" "${@:2}"; }
URL=http://localhost

get_unix /a.bin
is "$STATUS" 200 "a request is served"
cmp_whole a.bin
get_unix /a.bin -H 'Range: bytes=1000000-1999999'
cmp_range a.bin 1000000 1999999 "a range is served"
printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | perl "$LIB/wire.pl" -b 8192 -r 8000000 "$LISTEN" >"$DIR/reply"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "a slow client is served"
cmp_whole a.bin "a slow client gets the complete file" "$DIR/1.body"
stop_ranged
like "$(head -n 1 "$DIR/access.log")" '^unix: - - ' "the access log has unix: as the client"

start_ranged
kill -KILL "$PID"
wait "$PID" 2>/dev/null
ok "a killed server leaves its socket behind" test -S "$DIR/socket"
start_ranged
URL=http://localhost
get_unix /a.bin
is "$STATUS" 200 "the next server replaces the socket"

echo text >"$DIR/file"
"$RANGED" --listen "unix:$DIR/file" "$ROOT" 2>"$DIR/taken"
isnt $? 0 "a regular file is not replaced"
is "$(cat "$DIR/file")" text "the regular file does not change"
finish
