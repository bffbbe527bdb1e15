#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Variants that appear, change or vanish while they are asked for: seen within a second or two, and whatever is sent is whole.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000
gzip -cn "$ROOT/a.js" >"$ROOT/one"
gzip -cN "$ROOT/a.js" >"$ROOT/two"
age "$ROOT/one" "$ROOT/two"
control_clock
start_ranged
ask_for() { get /a.js -H 'Accept-Encoding: gzip'; }
sends() { # CODING FILE
	ask_for
	[ "$STATUS $(header Content-Encoding)" = "200 $1" ] && cmp -s "$ROOT/$2" "$BODY"
}
later() { advance 2; await 3 "$@"; }
ok "none: as it is" sends "" a.js
cp -p "$ROOT/one" "$ROOT/a.js.gz"
ok "one appears" later sends gzip one
# What changes its name or its mode alone is the same variant, whatever the file itself is known by.
ln "$ROOT/a.js.gz" "$ROOT/other"
ok "a link to it changes nothing" later sends gzip one
chmod 640 "$ROOT/a.js.gz"
ok "nor does its mode" later sends gzip one
cp -p "$ROOT/two" "$ROOT/new" && mv "$ROOT/new" "$ROOT/a.js.gz"
ok "it is replaced" later sends gzip two
rm "$ROOT/a.js.gz"
ok "it vanishes" later sends "" a.js
ask_for
is "$STATUS $(header_count Vary)" "200 0" "the path does not vary any more"
cp -p "$ROOT/one" "$ROOT/a.js.gz"
ok "it is there again" later sends gzip one
mkdir "$ROOT/dir" && rm "$ROOT/a.js.gz" && mv "$ROOT/dir" "$ROOT/a.js.gz"
ok "a folder of that name is none" later sends "" a.js
rmdir "$ROOT/a.js.gz"

# While it comes and goes all the time nobody gets anything but one of them.
for _ in 1 2 3 4 5 6 7 8; do
	cp -p "$ROOT/one" "$ROOT/new" && mv "$ROOT/new" "$ROOT/a.js.gz"
	advance 1.2
	sleep 0.1
	rm -f "$ROOT/a.js.gz"
	advance 1.2
	sleep 0.1
done & changes=$!
: >"$DIR/wrong"
while kill -0 $changes 2>/dev/null; do
	ask_for
	coding=$(header Content-Encoding)
	echo "$STATUS $coding" >>"$DIR/seen"
	{ [ "$STATUS" = 200 ] && cmp -s "$ROOT/$([ "$coding" = gzip ] && echo one || echo a.js)" "$BODY"; } || echo "$STATUS $RC $coding" >>"$DIR/wrong"
done
wait $changes
is "$(cat "$DIR/wrong")" "" "nothing else"
is "$(sort -u "$DIR/seen")" $'200 \n200 gzip' "both were seen"
finish
