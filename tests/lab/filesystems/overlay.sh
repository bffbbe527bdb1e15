#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# overlayfs on ext4, with files of the lower and of the upper directory: every range of every file is correct.
. "$(dirname "$0")/../lib.sh"

lower=$DIR/lower root=$ROOT
mkdir "$lower" "$DIR/upper" "$DIR/work"
ROOT=$lower
make_filesystem "$DIR/image" 150M 512 mkfs.ext4 -q -F
make_assortment
ROOT=$root
[ "$(stat -f -c %T "$DIR")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$DIR/upper,workdir=$DIR/work" "$ROOT" || skip_all "no overlayfs"
make_file 4097.bin 4097 upper.bin 300001
rm "$ROOT/512.bin"
make_file 512.bin 512
start_ranged

check_assortment overlayfs
get /upper.bin
cmp_whole upper.bin
# The file is copied to the upper directory while it is served.
printf x >>"$ROOT/65537.bin"
sleep 1.1
get /65537.bin
is "$(header Content-Length)" 65538 "the copied file is served"
cmp_whole 65537.bin
finish
