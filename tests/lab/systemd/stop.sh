#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A stop waits for transfers up to drain_timeout, after drain_delay, independent of TimeoutStopSec.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 30000000
make_machine
configure ranged 'listen = {":80"}' 'drain_delay = 2s' 'drain_timeout = 1m'
drop_in ranged.service '[Service]' TimeoutStopSec=3
boot_machine
inside systemctl start ranged
(inside curl -sS --fail --limit-rate 3M http://127.0.0.1/a.bin >"$DIR/slow"; echo $? >"$DIR/slow.status") &
client=$!
await 10 test -s "$DIR/slow"
SECONDS=0
inside systemctl stop ranged &
stop=$!
stopping() { [ "$(property ActiveState)" = deactivating ]; }
ok "the service is stopping" await 5 stopping
like "$(property StatusText)" '^(Stopping|Leaving: .*)$' "the status text is correct"
get_inside /a.bin -r 0-99
is "$STATUS" 206 "new clients are served during the delay"
wait $stop
is $? 0 "the service stops"
at_least $SECONDS 5 "the stop waits for the transfer"
wait $client
is "$(cat "$DIR/slow.status")" 0 "the transfer is complete"
cmp_whole a.bin "the body is correct" "$DIR/slow"
is "$(property Result) $(property ExecMainStatus)" "success 0" "the service stops with success"
finish
