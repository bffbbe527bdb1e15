#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# btrfs with compression, where O_DIRECT falls back to the page cache: every range of every file is correct.
. "$(dirname "$0")/../lib.sh"

make_filesystem "$DIR/image" 300M 512 mkfs.btrfs -q -f
mount -o remount,compress-force=zstd "$ROOT" || skip_all "btrfs of this kernel does not support zstd"
make_assortment
# These bytes can be compressed, unlike pseudo-random ones.
seq 2000000 | head -c 9000001 >"$ROOT/big.bin"
age "$ROOT/big.bin"
remount "$DIR/image" 512
start_ranged

check_assortment btrfs-zstd
finish
