#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files that change while many are requested, on each filesystem: each response is of one version, which was
# current at most 2 s before the request. Under sanitizers, one filesystem of each kind is enough: the reactors look up
# names on ext4 and tmpfs, and the offload threads on FUSE.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=../../http/names.sh
. "$LIB/names.sh"

CACHE=64M
# NAME WHERE: with the files below $ROOT, changed below $CHANGED. For WHERE see check_changes.
check() {
	local name=$1 served=$ROOT
	ROOT=$CHANGED
	make_names 800 300 20
	ROOT=$served
	start_ranged --workers 2
	ROOT=$CHANGED
	diag "$name"
	check_changes 5 "$2"
	ROOT=$served
	stop_ranged
}

CHANGED=$ROOT
for kind in ext4 ${SANITIZED:-xfs btrfs}; do
	command -v "mkfs.$kind" >/dev/null || continue # also skips the value of SANITIZED
	quiet=(-q)
	[ "$kind" != ext4 ] || quiet=(-q -F)
	make_filesystem "$DIR/image" 320M 512 "mkfs.$kind" "${quiet[@]}"
	check "$kind" inline
	umount "$ROOT"
	rm "$DIR/image"
done
mount -t tmpfs none "$ROOT"
check tmpfs inline
umount "$ROOT"
if [ -z "$SANITIZED" ] && [ "$(stat -f -c %T "$DIR")" != tmpfs ]; then
	mkdir "$DIR/lower" "$DIR/upper" "$DIR/work"
	if mount -t overlay overlay -o "lowerdir=$DIR/lower,upperdir=$DIR/upper,workdir=$DIR/work" "$ROOT"; then
		check overlayfs inline
		umount "$ROOT"
	fi
fi
# The kernel asks the server of the filesystem for each name. The attributes that it has cached are out of date.
if [ -c /dev/fuse ] && command -v bindfs >/dev/null; then
	CHANGED=$DIR/source
	mkdir "$CHANGED"
	bindfs -f -o attr_timeout=3600,entry_timeout=0 "$CHANGED" "$ROOT" </dev/null >"$DIR/bindfs.log" 2>&1 &
	FAULT_PID=$!
	if await 10 mountpoint -q "$ROOT"; then check FUSE offloaded; fi
fi
finish
