#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The admin listener's Unix socket: who may use it, a stale one, one that is in use, and its end.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file a.bin 100
umask 000
start_with_admin
is "$(stat -c %a "$DIR/admin.sock")" 660 "mode 0660 without a umask"
ask_socket /healthz
is "$(cat "$BODY")" ok "it answers"
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$DIR"
	not_ok "nobody else may" setpriv --reuid 65534 --regid 65534 --clear-groups curl -sS --max-time 5 --unix-socket "$DIR/admin.sock" http://localhost/healthz
fi

# Another one does not take it away.
"$RANGED" --listen 127.0.0.1:0 --admin "unix:$DIR/admin.sock" "$ROOT" 2>"$DIR/second"
isnt $? 0 "a second one with the same socket does not start"
like "$(cat "$DIR/second")" "cannot listen on unix:.*in use" "and says why"
ask_socket /healthz
is "$(cat "$BODY")" ok "the first one goes on"

kill -KILL "$PID"
wait "$PID" 2>/dev/null
ok "killed, it leaves the socket" test -S "$DIR/admin.sock"
umask 077
start_with_admin
is "$(stat -c %a "$DIR/admin.sock")" 660 "mode 0660 with a strict umask"
ask_socket /readyz
is "$STATUS" 200 "the next run takes it over"
stop_ranged
not_ok "and removes it" test -e "$DIR/admin.sock"

echo text >"$DIR/admin.sock"
"$RANGED" --listen 127.0.0.1:0 --admin "unix:$DIR/admin.sock" "$ROOT" 2>"$DIR/second"
isnt $? 0 "a file in its place"
is "$(cat "$DIR/admin.sock")" text "is left alone"
finish
