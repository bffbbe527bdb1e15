#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Variants that are created, replaced or removed are noticed within about a second. Each response is complete.
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
ok "without a variant the file is sent" sends "" a.js
cp -p "$ROOT/one" "$ROOT/a.js.gz"
ok "a new variant is sent" later sends gzip one
# A variant whose link count or mode changes remains the same version, however the version of the file is determined.
ln "$ROOT/a.js.gz" "$ROOT/other"
ok "a link to the variant changes nothing" later sends gzip one
chmod 640 "$ROOT/a.js.gz"
ok "a new mode of the variant changes nothing" later sends gzip one
cp -p "$ROOT/two" "$ROOT/new" && mv "$ROOT/new" "$ROOT/a.js.gz"
ok "the replaced variant is sent" later sends gzip two
rm "$ROOT/a.js.gz"
ok "without the variant the file is sent" later sends "" a.js
ask_for
is "$STATUS $(header_count Vary)" "200 0" "the response does not vary any more"
cp -p "$ROOT/one" "$ROOT/a.js.gz"
ok "the variant that was created again is sent" later sends gzip one
mkdir "$ROOT/dir" && rm "$ROOT/a.js.gz" && mv "$ROOT/dir" "$ROOT/a.js.gz"
ok "a directory with the name of a variant is ignored" later sends "" a.js
rmdir "$ROOT/a.js.gz"

# While the variant is created and removed repeatedly, each response is the file or the variant.
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
is "$(cat "$DIR/wrong")" "" "every response is complete"
is "$(sort -u "$DIR/seen")" $'200 \n200 gzip' "both the file and the variant were sent"
finish
