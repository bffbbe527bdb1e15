#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The address file contains the bound addresses, one per line. It is created atomically, after the sockets listen.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
LISTEN=
start_ranged --listen 127.0.0.1:0 --listen 127.0.0.2:0 --listen "unix:$DIR/socket"

is "$(wc -l <"$DIR/address")" 3 "the file has three lines"
mapfile -t lines <"$DIR/address"
like "${lines[0]}" '^127\.0\.0\.1:[1-9][0-9]*$' "the first address is correct"
like "${lines[1]}" '^127\.0\.0\.2:[1-9][0-9]*$' "the second address is correct"
is "${lines[2]}" "unix:$DIR/socket" "the third address is correct"
is "$(find "$DIR" -mindepth 1 -name 'address*' | wc -l)" 1 "no temporary file is left"
for line in "${lines[@]:0:2}"; do
	use_address "$line"
	get /a.bin
	is "$STATUS" 200 "$line serves requests"
done
get /a.bin --unix-socket "$DIR/socket"
is "$STATUS" 200 "unix:$DIR/socket serves requests"
finish
