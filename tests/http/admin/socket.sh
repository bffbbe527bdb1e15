#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The Unix socket of the admin listener: its mode, a socket that was left behind, one that is in use, and its removal.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100
umask 000
start_with_admin
is "$(stat -c %a "$DIR/admin.sock")" 660 "without a umask the mode is 0660"
ask_socket /healthz
is "$(cat "$BODY")" ok "the socket answers"
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$DIR"
	not_ok "other users have no access" setpriv --reuid 65534 --regid 65534 --clear-groups curl -sS --max-time 5 --unix-socket "$DIR/admin.sock" http://localhost/healthz
fi

# A second server does not replace the socket.
"$RANGED" --listen 127.0.0.1:0 --admin "unix:$DIR/admin.sock" "$ROOT" 2>"$DIR/second"
isnt $? 0 "a second server with the same socket does not start"
like "$(cat "$DIR/second")" "cannot listen on unix:.*in use" "the message names the reason"
ask_socket /healthz
is "$(cat "$BODY")" ok "the first server still answers"

kill -KILL "$PID"
wait "$PID" 2>/dev/null
ok "a killed server leaves its socket behind" test -S "$DIR/admin.sock"
umask 077
start_with_admin
is "$(stat -c %a "$DIR/admin.sock")" 660 "with a strict umask the mode is 0660"
ask_socket /readyz
is "$STATUS" 200 "the next server replaces the socket"
stop_ranged
not_ok "the server removes its socket" test -e "$DIR/admin.sock"

echo text >"$DIR/admin.sock"
"$RANGED" --listen 127.0.0.1:0 --admin "unix:$DIR/admin.sock" "$ROOT" 2>"$DIR/second"
isnt $? 0 "a file with the name of the socket ends the start"
is "$(cat "$DIR/admin.sock")" text "the file does not change"
finish
