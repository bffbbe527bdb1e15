#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# overlayfs over ext4, from the lower and from the upper folder: every range of every file is right.
. "$(dirname "$0")/../lib.sh"

lower=$DIR/lower root=$ROOT
mkdir "$lower" "$DIR/upper" "$DIR/work"
ROOT=$lower
make_filesystem "$DIR/image" 150M 512 mkfs.ext4 -q -F
make_assortment
ROOT=$root
[ "$(stat -f -c %T "$DIR")" != tmpfs ] || skip_all "the current folder is on a tmpfs"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$DIR/upper,workdir=$DIR/work" "$ROOT" || skip_all "no overlayfs"
make_file 4097.bin 4097 upper.bin 300001
rm "$ROOT/512.bin"
make_file 512.bin 512
start_ranged

check_assortment overlayfs
get /upper.bin
cmp_whole upper.bin
# Copied up while it is served.
printf x >>"$ROOT/65537.bin"
sleep 1.1
get /65537.bin
is "$(header Content-Length)" 65538 "a file that was copied up"
cmp_whole 65537.bin
finish
