#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# overlayfs on squashfs, where files can only be opened without O_DIRECT: every range of every file is correct.
. "$(dirname "$0")/../lib.sh"

need_cmd mksquashfs
make_assortment
mksquashfs "$ROOT" "$DIR/image" -quiet -no-progress >/dev/null || exit
mkdir "$DIR/lower" "$DIR/over" "$DIR/over/upper" "$DIR/over/work"
device=$(attach "$DIR/image" --read-only) || skip_all "no loop device"
mount_device "$device" "$DIR/lower" -o ro || skip_all "no squashfs"
mount -t overlay overlay -o "lowerdir=$DIR/lower,upperdir=$DIR/over/upper,workdir=$DIR/over/work" "$ROOT" || skip_all "no overlayfs"
start_ranged

check_assortment "overlayfs over squashfs"
is "$(direct_files)" 0 "the files are read without O_DIRECT"
finish
