#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A connection that is idle between requests is closed after idle_timeout, and not before.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'idle_timeout = 60s' 'header_timeout = 10m'
control_clock
start_ranged

printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' | wire -t "$(seconds 60)" >"$DIR/reply" & client=$!
await 10 test -s "$DIR/reply"
advance 50
get /a.bin
is "$STATUS" 200 "another client is served"
ok "the idle connection is open before idle_timeout" kill -0 $client
advance 11
wait $client
is "$?" 0 "the idle connection is closed after idle_timeout"
is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "its request was served"

# Each request ends the idle time.
exec 8<>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"
for i in 1 2 3 4; do
	printf 'HEAD /a.bin HTTP/1.1\r\nHost: x\r\n\r\n' >&8
	IFS= read -r -t "$(seconds 10)" line <&8
	is "$line" $'HTTP/1.1 200 OK\r' "request $i is served, 50 s after the last one"
	while IFS= read -r -t "$(seconds 10)" line <&8 && [ "$line" != $'\r' ]; do :; done
	advance 50
done
finish
