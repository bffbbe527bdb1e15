#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Dot segments are resolved and cannot leave the root.
. "$(dirname "$0")/../lib.sh"

make_text a.txt a
make_text dir/b.txt b
make_text ../outside.txt secret
start_ranged

while read -r target content; do
	get "$target"
	is "$STATUS $(cat "$BODY")" "200 $content" "$target is served"
done <<-'END'
	/./a.txt a
	/dir/../a.txt a
	/dir/./b.txt b
	/dir/../dir/b.txt b
	/none/../a.txt a
	/%2e/a.txt a
	/dir/%2e%2e/a.txt a
	/dir/.%2E/a.txt a
	/../a.txt a
	/../../../a.txt a
	/dir/../../../../a.txt a
END
for target in /../outside.txt /dir/../../outside.txt /%2e%2e/outside.txt /..%5coutside.txt /../../../../../../../../etc/passwd /..../outside.txt "/dir/..;/outside.txt"; do
	get "$target"
	is "$STATUS" 404 "$target does not leave the root"
done
finish
