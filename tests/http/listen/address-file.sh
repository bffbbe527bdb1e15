#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The address file has the addresses really bound, one a line, and appears whole when they can be connected to.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
LISTEN=
start_ranged --listen 127.0.0.1:0 --listen 127.0.0.2:0 --listen "unix:$DIR/socket"

is "$(wc -l <"$DIR/address")" 3 "three lines"
mapfile -t lines <"$DIR/address"
like "${lines[0]}" '^127\.0\.0\.1:[1-9][0-9]*$' "the first"
like "${lines[1]}" '^127\.0\.0\.2:[1-9][0-9]*$' "the second"
is "${lines[2]}" "unix:$DIR/socket" "the third"
is "$(find "$DIR" -mindepth 1 -name 'address*' | wc -l)" 1 "no other file is left beside it"
for line in "${lines[@]:0:2}"; do
	use_address "$line"
	get /a.bin
	is "$STATUS" 200 "$line serves"
done
get /a.bin --unix-socket "$DIR/socket"
is "$STATUS" 200 "unix:$DIR/socket serves"
finish
