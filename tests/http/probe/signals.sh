#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A signal ends ranged-probe promptly, in every phase, with its exit status. No file is left, even after SIGKILL.
. "$(dirname "$0")/../lib.sh"

start_probe() { # OPTION...
	# A shell without job control makes background jobs ignore SIGINT, and nohup makes all processes ignore SIGHUP.
	env --default-signal=INT,TERM,HUP "$RANGED_PROBE" "$@" "$ROOT" </dev/null >"$DIR/out" 2>"$DIR/err" &
	PROBE=$!
}

has_file() { find "/proc/$PROBE/fd" -lname "$ROOT/*(deleted)" 2>/dev/null | grep -q .; }
gone() { ! kill -0 "$PROBE" 2>/dev/null; }

interrupt() { # SIGNAL STATUS DELAY NAME OPTION...
	start_probe "${@:5}"
	ok "$4: the temporary file is open" await 10 has_file
	sleep "$3"
	is "$(find "$ROOT" -mindepth 1)" "" "$4: the temporary file has no name"
	kill -s "$1" $PROBE
	ok "$4: ranged-probe ends promptly" await 2 gone
	wait $PROBE 2>/dev/null
	is $? "$2" "$4: the exit status is $2"
	is "$(find "$ROOT" -mindepth 1)" "" "$4: no file is left"
	is "$(cat "$DIR/out")" "" "$4: there is no report"
}

interrupt INT 130 0 "SIGINT while writing" --size 1G
interrupt TERM 143 0.4 "SIGTERM while measuring" --size 16M --seconds 60
interrupt HUP 129 0.4 "SIGHUP while measuring" --size 16M --seconds 60 --json
interrupt KILL 137 0.5 "SIGKILL" --size 16M --seconds 60
finish
