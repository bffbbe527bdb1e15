#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Variants that appear, change or vanish while they are asked for: seen within a second or two, and whatever is sent is whole.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000
gzip -cn "$ROOT/a.js" >"$ROOT/one"
gzip -cN "$ROOT/a.js" >"$ROOT/two"
age "$ROOT/one" "$ROOT/two"
start_ranged
ask_for() { get /a.js -H 'Accept-Encoding: gzip'; }
sends() { # CODING FILE
	ask_for
	[ "$STATUS $(header Content-Encoding)" = "200 $1" ] && cmp -s "$ROOT/$2" "$BODY"
}
ok "none: as it is" sends "" a.js
cp -p "$ROOT/one" "$ROOT/a.js.gz"
ok "one appears" await 3 sends gzip one
# What changes its name or its mode alone is the same variant, whatever the file itself is known by.
ln "$ROOT/a.js.gz" "$ROOT/other"
for _ in $(seq 7); do
	sends gzip one || break
	sleep 0.2
done
ok "a link to it changes nothing" sends gzip one
chmod 640 "$ROOT/a.js.gz"
for _ in $(seq 7); do
	sends gzip one || break
	sleep 0.2
done
ok "nor does its mode" sends gzip one
cp -p "$ROOT/two" "$ROOT/new" && mv "$ROOT/new" "$ROOT/a.js.gz"
ok "it is replaced" await 3 sends gzip two
rm "$ROOT/a.js.gz"
ok "it vanishes" await 3 sends "" a.js
ask_for
is "$STATUS $(header_count Vary)" "200 0" "the path does not vary any more"
cp -p "$ROOT/one" "$ROOT/a.js.gz"
ok "it is there again" await 3 sends gzip one
mkdir "$ROOT/dir" && rm "$ROOT/a.js.gz" && mv "$ROOT/dir" "$ROOT/a.js.gz"
ok "a folder of that name is none" await 3 sends "" a.js
rmdir "$ROOT/a.js.gz"

# While it comes and goes all the time nobody gets anything but one of them.
end=$((SECONDS + 5))
while [ $SECONDS -lt $end ]; do
	cp -p "$ROOT/one" "$ROOT/new" && mv "$ROOT/new" "$ROOT/a.js.gz"
	sleep 0.7
	rm -f "$ROOT/a.js.gz"
	sleep 0.6
done &
: >"$DIR/wrong"
while [ $SECONDS -lt $end ]; do
	ask_for
	coding=$(header Content-Encoding)
	echo "$STATUS $coding" >>"$DIR/seen"
	{ [ "$STATUS" = 200 ] && cmp -s "$ROOT/$([ "$coding" = gzip ] && echo one || echo a.js)" "$BODY"; } || echo "$STATUS $RC $coding" >>"$DIR/wrong"
done
wait $!
is "$(cat "$DIR/wrong")" "" "nothing else"
is "$(sort -u "$DIR/seen")" $'200 \n200 gzip' "both were seen"
finish
