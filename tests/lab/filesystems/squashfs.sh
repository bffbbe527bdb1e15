#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# squashfs, which does not support O_DIRECT: every range of every file is correct.
. "$(dirname "$0")/../lib.sh"

need_cmd mksquashfs
make_assortment
mksquashfs "$ROOT" "$DIR/image" -quiet -no-progress >/dev/null || exit
rm -r "${ROOT:?}"/*
device=$(attach "$DIR/image" --read-only) || skip_all "no loop device"
mount_device "$device" "$ROOT" -o ro || skip_all "no squashfs"
start_ranged

check_assortment squashfs
is "$(direct_files)" 0 "the files are read without O_DIRECT"
finish
