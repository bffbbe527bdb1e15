#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Restarts with a socket unit, under load: nobody is refused, and nobody gets less than all of a file. After a crash, likewise.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 300000
boot
inside systemctl start ranged.socket
get_inside /a.bin
is "$STATUS" 200 "served"
cp "$BODY" "$DIR/all"

# One after the other until the file $DIR/enough is there; a line for each that failed.
clients() {
	while [ ! -e "$DIR/enough" ]; do
		inside curl -sS --max-time 30 --fail http://127.0.0.1/a.bin 2>>"$DIR/failed.$1" | cmp - "$ROOT/a.bin" >>"$DIR/failed.$1" 2>&1
		echo >>"$DIR/count.$1"
	done
}
for i in 1 2 3; do clients $i & loops="${loops:-} $!"; done
for i in 1 2 3 4 5; do
	inside systemctl restart ranged || diag "restart $i"
	sleep 0.2
done
sleep 0.3
touch "$DIR/enough"
# shellcheck disable=SC2086
wait $loops
at_least "$(cat "$DIR"/count.* | wc -l)" 20 "requests went on"
is "$(cat "$DIR"/failed.*)" "" "five restarts, and none of them failed"
at_least "$(journal | grep -c 'serves /srv/files')" 6 "it was another process each time"

inside systemctl kill --signal=KILL ranged
get_inside /a.bin
is "$STATUS" 200 "after a crash the next connection waits for the new start"
finish
