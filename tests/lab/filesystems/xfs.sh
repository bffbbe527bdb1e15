#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# xfs with sectors of 512 bytes: every range of every file is correct, read from the disk, and no served page remains in
# the page cache.
. "$(dirname "$0")/../lib.sh"

make_filesystem "$DIR/image" 320M 512 mkfs.xfs -q -f
make_assortment
remount "$DIR/image" 512
start_ranged

check_page_cache "xfs"
check_assortment "xfs"
at_least "$(direct_files)" 10 "the files are read with O_DIRECT"
finish
