#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An error at the start is reported in one line, and the exit status is not 0.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged

refused() { # NAME REGEX OPTION...
	local out status
	out=$(timeout "$(seconds 10)" "$RANGED" -m 16M "${@:3}" </dev/null 2>&1)
	status=$?
	isnt $status 0 "$1: the exit status is not 0"
	isnt $status 124 "$1: the start ends at once"
	like "$out" "$2" "$1: the message names the reason"
}

refused "an address that is in use" "$ADDRESS" -l "$ADDRESS" "$ROOT"
refused "an address of another machine" 192.0.2.1 -l 192.0.2.1:0 "$ROOT"
refused "an invalid address" nonsense -l nonsense "$ROOT"
refused "a missing root" absent -l 127.0.0.1:0 "$DIR/absent"
refused "a root that is a file" a.bin -l 127.0.0.1:0 "$ROOT/a.bin"
refused "a log that cannot be written" absent -l 127.0.0.1:0 --error-log "$DIR/absent/log" "$ROOT"
refused "an address file that cannot be written" absent -l 127.0.0.1:0 --address-file "$DIR/absent/address" "$ROOT"
refused "an invalid size" 64Q -l 127.0.0.1:0 -m 64Q "$ROOT"
get /a.bin
is "$STATUS" 200 "the running server is not affected"
finish
