#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command "ranged DIRECTORY" at a terminal lists directories. With a configuration file, or when started by a
# program, it does not.
. "$(dirname "$0")/../lib.sh"

need_cmd script
make_file a.bin 10
start_typed() { # OPTION...
	rm -f "$DIR/address"
	script -qec "$RANGED --listen 127.0.0.1:0 --cache-size 16M --address-file $DIR/address --error-log $DIR/error.log $* $ROOT" \
		"$DIR/typescript" >/dev/null 2>&1 </dev/null &
	await 20 test -s "$DIR/address"
	use_address "$(head -n 1 "$DIR/address")"
}
stop_typed() {
	pkill -TERM -P $! ranged || kill $!
	wait $!
}
start_typed
get /
is "$STATUS" 200 "started at a terminal: the directory is listed"
like "$(cat "$BODY")" 'a\.bin' "the listing has the files"
stop_typed
echo 'cache_size = 16M' >"$DIR/typed.conf"
start_typed --config "$DIR/typed.conf"
get /
is "$STATUS" 404 "with a configuration file: the directory is not listed"
stop_typed
start_ranged
get /
is "$STATUS" 404 "started by a program: the directory is not listed"
finish
