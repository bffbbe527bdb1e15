#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe on a filesystem without unnamed files, whose reads fail, are short, or return wrong bytes.
. "$(dirname "$0")/../lib.sh"

need_fuse
mkdir "$DIR/source" "$DIR/mirror"
start_faultfs "$DIR/source" "$DIR/mirror"
left() { find "$DIR/source" -mindepth 1; }
nothing_left() { [ -z "$(left)" ]; }

run_probe --json --size 32M --seconds 1 "$DIR/mirror"
is $RC 0 "a FUSE filesystem is measured"
like "$(probe_value filesystem.type)" '^fuse' "the name of the filesystem is correct"
is "$(probe_value direct.kind)" real "O_DIRECT is supported"
is "$(probe_value nowait.accepted)" 0 "RWF_NOWAIT is not supported"
ok "no file is left" await 5 nothing_left

faulty() { # NAME FAULT REGEX
	# shellcheck disable=SC2086
	set_fault $2
	run_probe --size 32M --seconds 1 "$DIR/mirror"
	is $RC 1 "$1: the exit status is 1"
	like "$(cat "$DIR/probe.err")" "^ranged-probe: $DIR/mirror: $3" \
		"$1: the message has the path, the offset and the error"
	is "$(cat "$DIR/probe.out")" "" "$1: there is no report"
	ok "$1: no file is left" await 5 nothing_left
}
faulty "reads that fail" "0 5 0 10000000" 'read of 1048576 bytes at offset 9437184 failed: Input/output error \(errno 5\)'
faulty "short reads" "0 0 1000 20000000" 'short read at offset 19922944: 1000 of 1048576 bytes'
faulty "wrong bytes" "0 0 0 12345678 1" 'the byte at offset 12345678 differs from the byte that was written'

set_fault 0 0 0
"$RANGED_PROBE" --size 32M --seconds 60 "$DIR/mirror" </dev/null >/dev/null 2>&1 &
probe=$!
begun() { [ -n "$(left)" ]; }
ok "the probe begins" await 10 begun
kill -KILL $probe
wait $probe 2>/dev/null
ok "no file is left after SIGKILL" await 5 nothing_left
finish
