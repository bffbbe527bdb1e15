#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What keeps ranged from starting is said in one line, with a status that is not 0.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged

refused() { # NAME REGEX OPTION...
	local out status
	out=$(timeout "$(seconds 10)" "$RANGED" -m 16M "${@:3}" </dev/null 2>&1)
	status=$?
	isnt $status 0 "$1: refused"
	isnt $status 124 "$1: at once"
	like "$out" "$2" "$1: says why"
}

refused "an address in use" "$ADDRESS" -l "$ADDRESS" "$ROOT"
refused "an address of another machine" 192.0.2.1 -l 192.0.2.1:0 "$ROOT"
refused "an address that is none" nonsense -l nonsense "$ROOT"
refused "a root that is not there" absent -l 127.0.0.1:0 "$DIR/absent"
refused "a root that is a file" a.bin -l 127.0.0.1:0 "$ROOT/a.bin"
refused "a log that can't be written" absent -l 127.0.0.1:0 --error-log "$DIR/absent/log" "$ROOT"
refused "an address file that can't be written" absent -l 127.0.0.1:0 --address-file "$DIR/absent/address" "$ROOT"
refused "a size that is none" 64Q -l 127.0.0.1:0 -m 64Q "$ROOT"
get /a.bin
is "$STATUS" 200 "the one that runs goes on"
finish
