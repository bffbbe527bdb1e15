#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ext4 with sectors of 4096 bytes: every range of every file is correct, read from the disk, and no served page remains
# in the page cache.
. "$(dirname "$0")/../lib.sh"

make_filesystem "$DIR/image" 150M 4096 mkfs.ext4 -q -F
make_assortment
remount "$DIR/image" 4096
start_ranged

check_page_cache "ext4"
check_assortment "ext4"
at_least "$(direct_files)" 10 "the files are read with O_DIRECT"
finish
