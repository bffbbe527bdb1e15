#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# By default, a symbolic link is followed if its target is beneath the root. Other links are answered with 404.
. "$(dirname "$0")/../lib.sh"

make_text a.txt a
make_text dir/b.txt b
make_text ../outside/secret.txt secret
(
	cd "$ROOT" || exit
	ln -s a.txt to-file
	ln -s dir to-dir
	ln -s ../a.txt dir/up
	ln -s to-file to-link
	ln -s ../outside/secret.txt out-relative
	ln -s "$DIR/outside/secret.txt" out-absolute
	ln -s "$ROOT/a.txt" in-absolute
	ln -s ../outside out-dir
	ln -s /etc etc
	ln -s /proc/self/fd/0 magic
	ln -s nowhere dangling
	ln -s loop loop
	ln -s loop-b loop-a
	ln -s loop-a loop-b
)
start_ranged

for target in /to-file /to-dir/b.txt /dir/up /to-link /to-dir/up; do
	get $target
	is "$STATUS" 200 "$target stays beneath the root"
done
for target in /out-relative /out-absolute /in-absolute /out-dir/secret.txt /out-dir/ /out-dir /etc/passwd /magic /dangling /loop /loop-a; do
	get $target
	is "$STATUS" 404 "$target leaves the root"
done
finish
