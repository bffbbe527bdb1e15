#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe on several filesystems: the name, the support of O_DIRECT, and the alignment are correct.
. "$(dirname "$0")/../lib.sh"

measure() { # TYPE ALIGNMENT KNOWN
	run_probe --json --size 64M --seconds 1 "$ROOT"
	is $RC 0 "$1: the filesystem is measured"
	is "$(probe_value filesystem.type)" "$1" "$1: the name is correct"
	is "$(probe_value direct.kind)" real "$1: O_DIRECT is supported"
	is "$(probe_value alignment.offset)" "$2" "$1: the alignment is correct"
	is "$(probe_value alignment.known)" "$3" "$1: the report says whether the filesystem reports its alignment"
	isnt "$(probe_value recommended.disk_depth)" null "$1: a disk_depth is recommended"
	isnt "$(probe_value verdict)" poorly "$1: the filesystem is suitable"
	is "$(find "$ROOT" -mindepth 1 ! -name lost+found)" "" "$1: no file is left"
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
is "$(probe_value nowait.accepted)" 1 "btrfs: RWF_NOWAIT is supported"
umount "$ROOT"

# A disk that is too small, and a filesystem that is read-only.
make_filesystem "$DIR/small" 20M 512 mkfs.ext4 -q -F
run_probe --size 64M "$ROOT"
is $RC 73 "a disk that is too small: the exit status is 73"
like "$(cat "$DIR/probe.err")" "$ROOT: not enough free space" "the message names the reason"
mkdir "$DIR/content" "$DIR/squash"
perl "$LIB/pattern.pl" "$DIR/content" big.bin 5000000
need_cmd mksquashfs
mksquashfs "$DIR/content" "$DIR/image.squashfs" -quiet -no-progress >/dev/null
mount -o loop,ro "$DIR/image.squashfs" "$DIR/squash" || exit
run_probe "$DIR/squash"
is $RC 73 "squashfs: the exit status is 73"
like "$(cat "$DIR/probe.err")" "$DIR/squash: .*read-only.*writable directory" "the message names the reason and the remedy"
like "$(cat "$DIR/probe.err")" "big.bin: cannot be opened with O_DIRECT" \
	"the report says that O_DIRECT is not supported"
finish
