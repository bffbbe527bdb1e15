#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The path of each root is resolved once a second. Requests are served from the new directory without SIGHUP, and
# transfers continue. While a path does not exist, requests are answered with 503. Each change is logged once.
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
	for text; do [ "$(grep -c "$text" "$DIR/error.log")" = 1 ] || return 1; done # the log is written by another thread
}
later() { advance 1; await 5 "$@"; } # the paths of roots are compared once a second
has() { get "$1"; [ "$STATUS" = "$2" ] && { [ $# -lt 3 ] || cmp -s "$3" "$BODY"; }; }

get /a.bin
cmp_whole "$SRV/v1/a.bin" "the first directory is served"
get /only.bin
printf 'GET /long.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -t "$(seconds 60)" -b 65536 -f 100000 -p "$DIR/long" >"$DIR/reply" & long=$!
await 10 test -e "$DIR/long.reached"
ln -s v2 "$SRV/next"
mv -T "$SRV/next" "$SRV/current"
ok "the new directory is served" later has /a.bin 200 "$SRV/v2/a.bin"
get /only.bin
is "$STATUS" 404 "files of the old directory are 404"
get /new/b.bin
cmp_whole "$SRV/v2/new/b.bin" "files of the new directory are served"
get /
like "$(cat "$BODY")" 'new/' "the listing shows the new directory"
not_ok "the listing does not show the old directory" grep -q 'only\.bin' "$BODY"
touch "$DIR/long.go"
wait $long
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "a transfer that began before continues"
cmp_whole "$SRV/v1/long.bin" "a transfer that began before is complete" "$DIR/1.body"
ok "the change is logged once" await 5 said_once "root .*/current: now serving $SRV/v2 instead of $SRV/v1"

# The path is removed and created again.
rm "$SRV/current"
ok "requests for a root whose path does not exist are answered with 503" later has /a.bin 503
is "$(header Retry-After)" 1 "the 503 response has Retry-After"
for path in /only.bin / /new/ /new; do
	get "$path"
	is "$STATUS" 503 "$path is 503, too"
done
get /a.bin -I
is "$STATUS" 503 "HEAD is 503, too"
get /a.bin -H 'Host: b.example'
is "$(cat "$BODY")" other "another site is served"
ask_admin /readyz
is "$STATUS" 200 "/readyz reports 200 while one root exists"
take_numbers
is "$(metric ranged_roots) $(metric ranged_roots_gone) $(metric ranged_roots_replaced_total)" "2 1 1" \
	"the metrics count the missing root"
is "$(status_value roots_gone)" 1 "the status counts the missing root"
mv "$DIR/other" "$DIR/away"
not_ready() { ask_admin /readyz; [ "$STATUS" = 503 ]; }
ok "without any root /readyz reports 503" later not_ready
is "$(cat "$BODY")" "all roots are gone" "/readyz names the reason"
mv "$DIR/away" "$DIR/other"
ln -s v2 "$SRV/current"
ok "a root that exists again is served" later has /a.bin 200 "$SRV/v2/a.bin"
ask_admin /readyz
is "$STATUS" 200 "/readyz reports 200 again"
ok "each change is logged once" await 5 said_once 'root .*/current: No such file or directory; requests are answered with 503' 'root .*/current: available again'

# The directory itself is renamed and created again, or another one gets its name. A reload does not affect the checks.
kill -HUP "$PID"
ok "the configuration is reloaded" await 5 grep -q 'configuration reloaded: generation 2' "$DIR/error.log"
mv "$SRV/v2" "$SRV/v3"
ok "a root whose directory was renamed is 503" later has /a.bin 503
mkdir "$SRV/v2"
cp -p "$SRV/v1/only.bin" "$SRV/v2"
ok "a new directory of the same name is served" later has /only.bin 200 "$SRV/v1/only.bin"
printf file >"$SRV/file"
ln -sfn file "$SRV/current"
ok "a root that is a regular file is 503" later has /only.bin 503
ln -sfn current "$SRV/current"
kill -HUP "$PID"
ok "a reload with an unusable root fails" await 5 grep -q "cannot serve $SRV/current" "$DIR/error.log"
get /only.bin
is "$STATUS" 503 "the state does not change by the failed reload"
ln -sfn v3 "$SRV/current"
ok "a root that exists again is served after the failed reload" later has /a.bin 200 "$SRV/v3/a.bin"
closed() { ! find "/proc/$PID/fd" -lname "$SRV/v1*" 2>/dev/null | grep -q .; }
ok "no file of the first directory is open" later closed
finish
