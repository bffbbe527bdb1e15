#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Restarts with a socket unit under load: no connection is refused, and every response is complete. The same holds after
# a crash.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 300000
boot
inside systemctl start ranged.socket
get_inside /a.bin
is "$STATUS" 200 "a request is served"
cp "$BODY" "$DIR/all"

# Each client sends 20 requests a second, with a connection for each, until the file $DIR/enough exists. It prints a line
# for each request that fails, and one for each second.
for _ in {1..20}; do cat "$ROOT/a.bin"; done >"$DIR/bodies"
clients() {
	while [ ! -e "$DIR/enough" ]; do
		inside curl -sS --max-time 30 --fail --rate 20/s -H 'Connection: close' 'http://127.0.0.1/a.bin?[1-20]' 2>>"$DIR/failed.$1" |
			cmp - "$DIR/bodies" >>"$DIR/failed.$1" 2>&1
		echo >>"$DIR/count.$1"
	done
}
for i in 1 2 3; do clients $i & loops="${loops:-} $!"; done
for i in 1 2 3 4 5; do
	inside systemctl restart ranged || diag "restart $i"
	pause 0.2
done
pause 0.3
touch "$DIR/enough"
# shellcheck disable=SC2086
wait $loops
at_least "$(cat "$DIR"/count.* | wc -l)" 3 "many requests were sent"
is "$(cat "$DIR"/failed.*)" "" "no request fails during five restarts"
at_least "$(journal | grep -c 'serves /srv/files')" 6 "the process was another one after each restart"

inside systemctl kill --signal=KILL ranged
get_inside /a.bin
is "$STATUS" 200 "a connection after a crash waits for the new process"
finish
