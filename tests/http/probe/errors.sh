#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# When ranged-probe cannot measure, the message names the path and the reason, and the exit status tells the kind. A
# filesystem in memory is not measured.
. "$(dirname "$0")/../lib.sh"

refused() { # NAME STATUS REGEX OPTION...
	"$RANGED_PROBE" "${@:4}" </dev/null >"$DIR/out" 2>"$DIR/err"
	is $? "$2" "$1: the exit status is $2"
	like "$(cat "$DIR/err")" "$3" "$1: the message names the reason"
	is "$(cat "$DIR/out")" "" "$1: there is no report"
}

touch "$ROOT/file"
refused "no directory" 64 "no directory given"
refused "two directories" 64 "$DIR" "$ROOT" "$DIR"
refused "an unknown option" 64 no-such-option --no-such-option "$ROOT"
refused "an invalid size" 64 64Q --size 64Q "$ROOT"
refused "a size that is too small" 64 1M --size 1M "$ROOT"
refused "an invalid time" 64 fast --seconds fast "$ROOT"
refused "a directory that does not exist" 66 "$ROOT/absent: .*No such file" "$ROOT/absent"
refused "a regular file" 66 "$ROOT/file: not a directory" "$ROOT/file"
refused "more than there is room" 73 "$ROOT: not enough free space: .* are free, but .* needs 1.0 TiB" --size 1T "$ROOT"
refused "a directory where no file can be created" 73 "/proc: cannot create a temporary file" /proc
out=$("$RANGED_PROBE" --version)
is $? 0 "--version exits with status 0"
like "$out" '^ranged-probe [0-9]+\.[0-9]+' "--version prints the version"
like "$("$RANGED_PROBE" --help)" '--json.*--size.*--seconds' "--help lists the options"

"$RANGED_PROBE" --size 16M --seconds 1 "$ROOT" >/dev/full 2>"$DIR/err"
is $? 74 "a report that cannot be written: the exit status is 74"
like "$(cat "$DIR/err")" 'report: No space' "the message names the reason"

if [ "$(stat -f -c %T /dev/shm)" = tmpfs ] && [ -w /dev/shm ]; then
	run_probe --size 16M --json /dev/shm
	is $RC 0 "a tmpfs: the exit status is 0"
	is "$(probe_value verdict)" poorly "a tmpfs is not suitable"
	is "$(probe_value direct.kind)" memory "a tmpfs is memory"
	is "$(probe_value recommended)" null "a tmpfs has no recommended depth"
	is "$(probe_value measurements)" "" "a tmpfs is not measured"
	like "$(grep '"id"' "$DIR/probe.out")" '"memory"' "the JSON has a warning"
	run_probe --size 16M /dev/shm
	like "$(head -n 1 "$DIR/probe.out")" 'in memory and not on a disk' "the report names the reason"
fi
finish
