#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names that begin with a dot are 404, but for .well-known, unless dotfiles are wanted.
. "$(dirname "$0")/lib.sh"

for name in .hidden .git/config dir/.hidden .well-known/security.txt dir/.well-known/x .well-known/.secret ...; do
	make_text "$name" "$name"
done
start_ranged

for target in /.hidden /.git/config /.git/ /.git /dir/.hidden /dir/.well-known/x /.well-known/.secret /... /%2ehidden /dir/../.hidden; do
	get $target
	is "$STATUS" 404 "$target is 404"
done
get /.well-known/security.txt
is "$STATUS" 200 ".well-known is served"

stop_ranged
config 'dotfiles = true'
start_ranged
for target in /.hidden /.git/config /dir/.hidden /...; do
	get $target
	is "$STATUS" 200 "dotfiles = true: $target is served"
done
finish
