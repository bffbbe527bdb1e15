#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGHUP loads the configuration again: listeners, sites, rules and limits. An error is reported with its line, and the
# old configuration remains in effect.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100000 long.bin 30000000
mkdir "$ROOT/sub" "$DIR/other"
echo other >"$DIR/other/a.bin"
config 'header = "X-Say: one"'
start_ranged --workers 2
get /a.bin
like "$(header X-Say)" '^one$' "the first configuration is in effect"

config 'header = "X-Say: two"' 'location "/sub/" { listing = true }' "site \"b.example\" { root = \"$DIR/other\" }"
reload_ranged
get /a.bin
is "$(header X-Say)" two "the second configuration is in effect"
cmp_whole a.bin "the same bytes"
get /sub/
is "$STATUS" 200 "its location is in effect"
get /a.bin -H 'Host: b.example'
is "$(cat "$BODY")" other "its site is in effect"

long() { # sends a request, reads the beginning of the response, and reads the rest when $DIR/long.go exists
	rm -f "$DIR"/long.*
	printf 'GET /long.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -t "$(seconds 60)" -b 65536 -f 100000 -p "$DIR/long" >"$DIR/reply" & long=$!
	await 10 test -e "$DIR/long.reached"
}
long
asked=$'HEAD /a.bin HTTP/1.1\r\nHost: x\r\n\r\n'
exec 8<>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"
printf '%s' "$asked" >&8
await 5 grep -q "HEAD /a.bin" "$DIR/access.log"
config 'header = "X-Say: three"' 'max_ranges = 1'
reload_ranged
get /sub/
is "$STATUS" 404 "a removed location is not in effect"
get /a.bin -r 0-1,50000-50001
is "$STATUS" 200 "a new limit is in effect"
printf '%s' "$asked" >&8
timeout "$(seconds 20)" cat <&8 >"$DIR/kept"
exec 8>&-
is "$(grep -c 'HTTP/1.1 200' "$DIR/kept") $(grep -c 'X-Say: two' "$DIR/kept") $(grep -c 'Connection: close' "$DIR/kept")" "2 2 1" \
	"an open connection serves one more request with the configuration of its beginning"
touch "$DIR/long.go"
wait $long
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "a transfer that began before the reload continues"
cmp_whole long.bin "a transfer that began before the reload is complete" "$DIR/1.body"

for bad in 'max_ranges = 0' 'no_such_key = 1' 'auth_file = "/nowhere"' 'sign_keys = "/nowhere"' 'site "c.example" { root = "/nowhere" }' 'listen = "256.0.0.1"'; do
	config "header = \"X-Say: bad\"" "$bad"
	reload_ranged
	like "$(tail -n 2 "$DIR/error.log" | head -n 1)" "error: .*(ranged.conf:2: |/nowhere)" \
		"$bad: the reason is logged"
	like "$(tail -n 1 "$DIR/error.log")" "reload failed" "$bad: the reload fails"
	get /a.bin
	is "$(header X-Say)" three "$bad: the old configuration remains in effect"
done
config 'header = "X-Say: four"'
reload_ranged
get /a.bin
is "$(header X-Say)" four "a valid configuration is loaded after failed reloads"

long
kill -TERM "$PID"
await 5 grep -q 'draining 1 connection ' "$DIR/error.log"
kill -HUP "$PID"
ok "a reload while ranged stops is ignored" await 5 grep -q 'reload ignored' "$DIR/error.log"
touch "$DIR/long.go"
wait $long
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "ranged finishes the transfer before it stops"
end_ranged
is $? 0 "ranged stops after the transfer"
finish
