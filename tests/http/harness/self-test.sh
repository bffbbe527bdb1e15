#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A test whose server ends fails within seconds: await does not wait for events that can no longer happen.
# shellcheck disable=SC2016 # the lines are for another shell
. "$(dirname "$0")/../lib.sh"

# NAME LINES: runs a test with these lines in a directory of its own. Its server ends while the test waits. Its time limits
# are 80 s and more, but it may take only 40 s.
dies() {
	local start=$SECONDS
	printf '%s\n' ". '$LIB/lib.sh'" 'make_file a.bin 100' 'start_ranged' '(sleep 0.3; kill -KILL "$PID") &' "$2" 'finish' >"$DIR/inner.sh"
	(cd "$DIR" && RANGED=$RANGED RANGED_SLOW=8 bash "$DIR/inner.sh") >"$DIR/said" 2>&1
	isnt $? 0 "$1: the test fails"
	at_most $((SECONDS - start)) 40 "$1: the test does not wait for its time limit"
	ok "$1: the test reports that the server ended" grep -qE '^#.* (the server (has )?ended|ranged did not start)' "$DIR/said"
}

dies "await" 'ok "never" await 60 test -e "$DIR/never"'
dies "reload_ranged" 'for i in {1..100}; do reload_ranged; sleep 0.1; done'
dies "take_stats" 'for i in {1..100}; do take_stats; sleep 0.1; done'
dies "start" 'wait; start_ranged --no-such-option'
finish
