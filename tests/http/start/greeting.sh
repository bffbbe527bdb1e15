#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# At a terminal ranged prints the served directory and its addresses. Otherwise it prints nothing.
. "$(dirname "$0")/../lib.sh"

need_cmd script
make_file a.bin 100

# script(1) provides a terminal.
# shellcheck disable=SC2016
RANGED_ARGS="$RANGED -l 127.0.0.1:0 -m 16M --address-file $DIR/address --error-log $DIR/error.log $ROOT" \
	script -qec 'echo $$ >'"$DIR"'/pid; exec $RANGED_ARGS' /dev/null </dev/null >"$DIR/terminal" 2>&1 &
script=$!
ok "ranged starts" await 20 test -s "$DIR/address"
PID=$(cat "$DIR/pid")
use_address "$(cat "$DIR/address")"
ok "the address is printed" await 5 grep -qF "$URL" "$DIR/terminal"
ok "the root is printed" grep -qF "$ROOT" "$DIR/terminal"
get /a.bin
is "$STATUS" 200 "requests are served"
kill -TERM "$PID"
PID=
wait $script
is $? 0 "the exit status is 0"

start_ranged
get /a.bin
stop_ranged
is "$(cat "$DIR/stdout")" "" "without a terminal nothing is printed"
finish
