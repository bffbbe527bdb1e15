#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where ranged-probe can't measure it says why, with the path and a status; and memory is not taken for a disk.
. "$(dirname "$0")/../lib.sh"

refused() { # NAME STATUS REGEX OPTION...
	"$RANGED_PROBE" "${@:4}" </dev/null >"$DIR/out" 2>"$DIR/err"
	is $? "$2" "$1: status"
	like "$(cat "$DIR/err")" "$3" "$1: says why"
	is "$(cat "$DIR/out")" "" "$1: no report"
}

touch "$ROOT/file"
refused "no directory" 64 "no directory given"
refused "two directories" 64 "$DIR" "$ROOT" "$DIR"
refused "an unknown option" 64 no-such-option --no-such-option "$ROOT"
refused "a size that is none" 64 64Q --size 64Q "$ROOT"
refused "a size too small" 64 1M --size 1M "$ROOT"
refused "a time that is none" 64 fast --seconds fast "$ROOT"
refused "a directory that does not exist" 66 "$ROOT/absent: .*No such file" "$ROOT/absent"
refused "a file" 66 "$ROOT/file: not a directory" "$ROOT/file"
refused "more than there is room" 73 "$ROOT: not enough free space: .* are free, but .* needs 1.0 TiB" --size 1T "$ROOT"
refused "a directory where no file can be created" 73 "/proc: cannot create a temporary file" /proc
out=$("$RANGED_PROBE" --version)
is $? 0 "--version"
like "$out" '^ranged-probe [0-9]+\.[0-9]+' "of ranged-probe"
like "$("$RANGED_PROBE" --help)" '--json.*--size.*--seconds' "--help has the options"

"$RANGED_PROBE" --size 16M --seconds 1 "$ROOT" >/dev/full 2>"$DIR/err"
is $? 74 "a report that can't be written: status"
like "$(cat "$DIR/err")" 'report: No space' "says why"

if [ "$(stat -f -c %T /dev/shm)" = tmpfs ] && [ -w /dev/shm ]; then
	run_probe --size 16M --json /dev/shm
	is $RC 0 "a tmpfs"
	is "$(probe_value verdict)" poorly "is no disk"
	is "$(probe_value direct.kind)" memory "but memory"
	is "$(probe_value recommended)" null "with no depth to recommend"
	is "$(probe_value measurements)" "" "and nothing to measure"
	like "$(grep '"id"' "$DIR/probe.out")" '"memory"' "a warning says so"
	run_probe --size 16M /dev/shm
	like "$(head -n 1 "$DIR/probe.out")" 'in memory and not on a disk' "and so does the report"
fi
finish
