#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The path of a root is looked at each second. What it leads to is served within 2 s, without SIGHUP; transfers that are under way go on;
# a path that leads nowhere is 503 until it leads somewhere again. Each change is logged once.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"

make_file v1/a.bin 100000 v1/only.bin 5000 v2/a.bin 200000 v2/new/b.bin 3000 v1/long.bin 40000000 v2/long.bin 1000
mkdir "$ROOT/v1/folder"
mv "$ROOT" "$DIR/srv"
SRV=$DIR/srv
ln -s v1 "$SRV/current"
mkdir "$DIR/other"
printf other >"$DIR/other/a.bin"
ROOT=
config "root = \"$SRV/current\"" 'listing = true' 'error_page = "503 /a.bin"' "site \"b.example\" { root = \"$DIR/other\" }"
control_clock
start_with_admin
said_once() { # TEXT...
	local text
	for text; do [ "$(grep -c "$text" "$DIR/error.log")" = 1 ] || return 1; done # a thread of its own writes the log
}
later() { advance 1; await 5 "$@"; } # the paths of roots are compared once a second
has() { get "$1"; [ "$STATUS" = "$2" ] && { [ $# -lt 3 ] || cmp -s "$3" "$BODY"; }; }

get /a.bin
cmp_whole "$SRV/v1/a.bin" "the first folder"
get /only.bin
printf 'GET /long.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -t "$(seconds 60)" -b 65536 -f 100000 -p "$DIR/long" >"$DIR/reply" & long=$!
await 10 test -e "$DIR/long.reached"
ln -s v2 "$SRV/next"
mv -T "$SRV/next" "$SRV/current"
ok "switched" later has /a.bin 200 "$SRV/v2/a.bin"
get /only.bin
is "$STATUS" 404 "what the new one has not is not there"
get /new/b.bin
cmp_whole "$SRV/v2/new/b.bin" "what it has is"
get /
like "$(cat "$BODY")" 'new/' "a listing is of the new one"
not_ok "and of no other" grep -q 'only\.bin' "$BODY"
touch "$DIR/long.go"
wait $long
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "a transfer that began before continues"
cmp_whole "$SRV/v1/long.bin" "a transfer that began before is complete" "$DIR/1.body"
ok "it is logged once" await 5 said_once "root .*/current: serving $SRV/v2 from now on, instead of $SRV/v1"

# Gone, and back.
rm "$SRV/current"
ok "a path that leads nowhere" later has /a.bin 503
is "$(header Retry-After)" 1 "with Retry-After"
for path in /only.bin / /new/ /new; do
	get "$path"
	is "$STATUS" 503 "$path, too"
done
get /a.bin -I
is "$STATUS" 503 "HEAD"
get /a.bin -H 'Host: b.example'
is "$(cat "$BODY")" other "another site is served"
ask_admin /readyz
is "$STATUS" 200 "and this server is ready"
take_numbers
is "$(metric ranged_roots) $(metric ranged_roots_gone) $(metric ranged_roots_replaced_total)" "2 1 1" "the metrics"
is "$(status_value roots_gone)" 1 "the status"
mv "$DIR/other" "$DIR/away"
not_ready() { ask_admin /readyz; [ "$STATUS" = 503 ]; }
ok "without any root it is not ready" later not_ready
is "$(cat "$BODY")" "all roots are gone" "and says why"
mv "$DIR/away" "$DIR/other"
ln -s v2 "$SRV/current"
ok "back" later has /a.bin 200 "$SRV/v2/a.bin"
ask_admin /readyz
is "$STATUS" 200 "ready"
ok "logged once each" await 5 said_once 'root .*/current: No such file or directory; requests are answered 503' 'root .*/current: it is back'

# The folder itself is removed and made again, or another one takes its name; a reload keeps the watch.
kill -HUP "$PID"
ok "a reload" await 5 grep -q 'configuration reloaded: generation 2' "$DIR/error.log"
mv "$SRV/v2" "$SRV/v3"
ok "renamed" later has /a.bin 503
mkdir "$SRV/v2"
cp -p "$SRV/v1/only.bin" "$SRV/v2"
ok "another of that name" later has /only.bin 200 "$SRV/v1/only.bin"
printf file >"$SRV/file"
ln -sfn file "$SRV/current"
ok "a file" later has /only.bin 503
ln -sfn current "$SRV/current"
kill -HUP "$PID"
ok "a reload meanwhile is refused" await 5 grep -q "can't serve $SRV/current" "$DIR/error.log"
get /only.bin
is "$STATUS" 503 "which changes nothing"
ln -sfn v3 "$SRV/current"
ok "and back" later has /a.bin 200 "$SRV/v3/a.bin"
closed() { ! find "/proc/$PID/fd" -lname "$SRV/v1*" 2>/dev/null | grep -q .; }
ok "no file of the first folder is open" later closed
finish
