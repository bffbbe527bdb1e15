#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# symlinks = none: no symbolic link is followed.
. "$(dirname "$0")/../lib.sh"

make_text a.txt a
make_text dir/b.txt b
ln -s a.txt "$ROOT/to-file"
ln -s dir "$ROOT/to-dir"
ln -s /etc/passwd "$ROOT/out"
config 'symlinks = none'
start_ranged

for target in /to-file /to-dir/b.txt /to-dir/ /to-dir /out; do
	get $target
	is "$STATUS" 404 "$target is a link"
done
get /dir/b.txt
is "$STATUS" 200 "a regular file is served"
finish
