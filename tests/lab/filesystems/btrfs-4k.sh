#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# btrfs with sectors of 4096 bytes: every range of every file is correct, read from the disk, and no served page remains
# in the page cache.
. "$(dirname "$0")/../lib.sh"

make_filesystem "$DIR/image" 300M 4096 mkfs.btrfs -q -f
make_assortment
remount "$DIR/image" 4096
start_ranged

check_page_cache "btrfs"
check_assortment "btrfs"
at_least "$(direct_files)" 10 "the files are read with O_DIRECT"
finish
