#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The report of ranged-probe begins with the verdict, fits into 80 columns, and uses only the features of the terminal.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$ROOT")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
run_probe --size 16M --seconds 1 "$ROOT"
is $RC 0 "the exit status is 0"
like "$(head -n 1 "$DIR/probe.out")" '^ranged will run (well )?here\.' "the first line is the verdict"
like "$(sed -n 2p "$DIR/probe.out")" "^$ROOT: [a-z0-9]+ on " "the second line names the directory and the disk"
like "$(sed -n 4p "$DIR/probe.out")" '^ +set +disk_depth = [0-9]+, disk_inflight_bytes = [0-9]+M$' \
	"the fourth line names the recommended settings"
for word in O_DIRECT io_submit RWF_NOWAIT alignment Throughput Latency; do
	like "$(cat "$DIR/probe.out")" " ${word}[ ,]" "the report mentions $word"
done
is "$(sed 2d "$DIR/probe.out" | LC_ALL=C grep -c '[^ -~]')" 0 "in the C locale the report is ASCII"
is "$(sed 2d "$DIR/probe.out" | grep -cE '.{81}')" 0 "no line is longer than 80 columns"
at_least "$(grep -cE "#{20}" "$DIR/probe.out")" 1 "the longest bar is long"

PREFIX=(env LC_ALL=C.UTF-8)
run_probe --size 16M --seconds 1 "$ROOT"
at_least "$(LC_ALL=C.UTF-8 grep -cE "█{20}" "$DIR/probe.out")" 1 "in UTF-8 the bars consist of blocks"
is "$(sed 2d "$DIR/probe.out" | LC_ALL=C.UTF-8 grep -cE '.{81}')" 0 "in UTF-8 no line is longer than 80 columns"

on_a_terminal() { # ENVIRONMENT...
	env "$@" script -qec "'$RANGED_PROBE' --size 16M --seconds 1 '$ROOT'" /dev/null </dev/null | grep -c $'\033\\[32m'
}
if command -v script >/dev/null; then
	at_least "$(on_a_terminal TERM=xterm NO_COLOR=)" 1 "a terminal gets colours"
	is "$(on_a_terminal TERM=xterm NO_COLOR=1)" 0 "NO_COLOR switches colours off"
	is "$(on_a_terminal TERM=dumb NO_COLOR=)" 0 "a dumb terminal gets no colours"
fi
finish
