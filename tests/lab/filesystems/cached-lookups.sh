#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Lookups that never wait have the same results on each filesystem: the unit tests of beneath_look_cached().
. "$(dirname "$0")/../lib.sh"

unit=${top_builddir:-${RANGED%/*}}/tests/unit/store/test_beneath
[ -x "$unit" ] || skip_all "needs $unit: make check TESTS="
unit=$(realpath "$unit")

check() { # NAME: runs the unit tests with their files in $ROOT
	chmod 1777 "$ROOT"
	ok "$1: the unit tests pass" env -u CK_TAP_LOG_FILE_NAME TMPDIR="$ROOT" CK_VERBOSITY=normal "$unit"
}

for filesystem in "ext4 -q -F" "xfs -q" "btrfs -q"; do
	name=${filesystem%% *}
	command -v "mkfs.$name" >/dev/null || { diag "no mkfs.$name"; continue; }
	# shellcheck disable=SC2086
	make_filesystem "$DIR/$name.image" 320M 512 mkfs.$filesystem
	check "$name"
	if [ "$name" = ext4 ]; then
		mkdir "$DIR/upper" "$DIR/work" "$DIR/merged"
		lower=$ROOT
		if [ "$(stat -f -c %T "$DIR")" != tmpfs ] &&
			mount -t overlay overlay -o "lowerdir=$lower,upperdir=$DIR/upper,workdir=$DIR/work" "$DIR/merged"; then
			ROOT=$DIR/merged
			check overlayfs
			umount "$ROOT"
		fi
		ROOT=$lower
	fi
	umount "$ROOT"
done
mount -t tmpfs tmpfs "$ROOT" || exit
check tmpfs
finish
