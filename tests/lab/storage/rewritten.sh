#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Files on FUSE that are rewritten in place behind the mount, in mid-transfer: no body contains two versions. With
# attributes that the kernel caches, with pages that it caches, and with rclone, whose server updates the attributes of a
# file only when its name is looked up.
. "$(dirname "$0")/../lib.sh"
need_cmd bindfs
[ -c /dev/fuse ] || skip_all "needs /dev/fuse"

CACHE=32M
source=$DIR/source
mkdir "$source"
www=$ROOT
ROOT=$source
make_file a.bin 10000000 b.bin 10000000
ROOT=$www
check() { # NAME SERVER...: runs a server in the foreground that mounts $source on $ROOT
	local name=$1
	"${@:2}" </dev/null >"$DIR/server.log" 2>&1 &
	FAULT_PID=$!
	await 10 mountpoint -q "$ROOT" || { not_mounted=$name; return; }
	start_ranged
	check_rewritten "$name" "$source"
	stop_ranged
	umount "$ROOT"
	wait $FAULT_PID
	FAULT_PID=
}
not_mounted=
check "cached attributes" bindfs -f -o attr_timeout=60,entry_timeout=60 "$source" "$ROOT"
check "cached pages" bindfs -f -o attr_timeout=60,entry_timeout=60,kernel_cache "$source" "$ROOT"
if command -v rclone >/dev/null; then
	check rclone rclone mount --config "$DIR/none" --allow-other --dir-cache-time 0s --attr-timeout 0s "$source" "$ROOT"
fi
is "$not_mounted" "" "all filesystems could be mounted"
finish
