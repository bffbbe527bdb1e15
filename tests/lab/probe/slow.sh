#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe on a disk with 20 ms per read: the results are plausible, and the run ends in time.
# shellcheck disable=SC2016 # Perl's variables
. "$(dirname "$0")/../lib.sh"

need_fuse
need_cmd mkfs.ext4
mkdir "$DIR/disk" "$DIR/fuse"
truncate -s 120M "$DIR/disk/image"
mkfs.ext4 -q -F "$DIR/disk/image" || exit
start_faultfs "$DIR/disk" "$DIR/fuse"
device=$(attach "$DIR/fuse/image" --direct-io=on) || skip_all "no loop device"
mount_device "$device" "$ROOT" || exit
run_probe --size 16M --seconds 1 "$ROOT"
is $RC 0 "a fast disk is measured"

set_fault 20 0 0
start=$(date +%s%3N)
run_probe --json --size 64M --seconds 2 "$ROOT"
is $RC 0 "a slow disk is measured"
at_most $(($(date +%s%3N) - start)) "$(seconds 20000)" "the run ends in time (ms)"
set_fault 0 0 0
at_least "$(probe_expression 'int((grep { $_->{depth} == 1 && $_->{read_bytes} == 65536 } @{$j->{measurements}})[0]{p50_us})')" 20000 \
	"a read takes at least 20 ms"
at_most "$(probe_expression 'int($j->{io_submit}{p50_us})')" "$(seconds 5000)" \
	"io_submit does not wait for the disk (µs)"
isnt "$(probe_value io_submit.blocks)" always "io_submit does not always block"
at_least "$(probe_value recommended.disk_depth)" 8 "a larger depth is recommended"
is "$(probe_value direct.kind)" real "O_DIRECT is supported"

# A disk error beyond the blocks of the filesystem itself.
set_fault 0 5 0 60000000
run_probe --size 80M "$ROOT"
is $RC 1 "a disk error: the exit status is 1"
like "$(cat "$DIR/probe.err")" "^ranged-probe: $ROOT: read of 1048576 bytes at offset [0-9]+ failed: Input/output error" \
	"the message has the path, the offset and the error"
set_fault 0 0 0
finish
