#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe on the filesystems there are: what it is called, if O_DIRECT is real, and to what alignment.
. "$(dirname "$0")/../lib.sh"

measure() { # TYPE ALIGNMENT KNOWN
	run_probe --json --size 64M --seconds 1 "$ROOT"
	is $RC 0 "$1: measured"
	is "$(probe_value filesystem.type)" "$1" "$1: its name"
	is "$(probe_value direct.kind)" real "$1: O_DIRECT is real"
	is "$(probe_value alignment.offset)" "$2" "$1: alignment"
	is "$(probe_value alignment.known)" "$3" "$1: which the filesystem says, or not"
	isnt "$(probe_value recommended.disk_depth)" null "$1: a depth"
	isnt "$(probe_value verdict)" poorly "$1: the verdict"
	is "$(find "$ROOT" -mindepth 1 ! -name lost+found)" "" "$1: nothing is left"
}

make_filesystem "$DIR/ext4" 200M 512 mkfs.ext4 -q -F
measure ext4 512 1
umount "$ROOT"
make_filesystem "$DIR/ext4-4k" 200M 4096 mkfs.ext4 -q -F
measure ext4 4096 1
umount "$ROOT"
make_filesystem "$DIR/xfs" 400M 512 mkfs.xfs -q -f
measure xfs 512 1
umount "$ROOT"
make_filesystem "$DIR/btrfs" 300M 512 mkfs.btrfs -q -f
measure btrfs 4096 0
is "$(probe_value nowait.accepted)" 1 "btrfs: RWF_NOWAIT is accepted"
umount "$ROOT"

# Where the disk is too small, and where nothing can be written.
make_filesystem "$DIR/small" 20M 512 mkfs.ext4 -q -F
run_probe --size 64M "$ROOT"
is $RC 73 "a disk that is too small"
like "$(cat "$DIR/probe.err")" "$ROOT: not enough room" "is said to be"
mkdir "$DIR/content" "$DIR/squash"
perl "$LIB/pattern.pl" "$DIR/content" big.bin 5000000
need_cmd mksquashfs
mksquashfs "$DIR/content" "$DIR/image.squashfs" -quiet -no-progress >/dev/null
mount -o loop,ro "$DIR/image.squashfs" "$DIR/squash" || exit
run_probe "$DIR/squash"
is $RC 73 "squashfs"
like "$(cat "$DIR/probe.err")" "$DIR/squash: .*read-only.*writable folder" "is read-only, and that is said"
like "$(cat "$DIR/probe.err")" "big.bin: can not be opened with O_DIRECT" "and that there is no O_DIRECT"
finish
