#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names that begin with a dot are answered with 404, except .well-known and the metadata of Zarr version 2, unless
# dotfiles = true.
. "$(dirname "$0")/../lib.sh"

for name in .hidden .git/config dir/.hidden .well-known/security.txt dir/.well-known/x .well-known/.secret ...; do
	make_text "$name" "$name"
done
for name in .zgroup .zmetadata temperature/.zarray deep/er/.zattrs .zarray2 .zarray.bak .Zarray .zgroup.d/x a/.zattrs.d/.zarray .git/.zarray .zmeta; do
	make_text "z/$name" "$name"
done
start_ranged

for target in /.hidden /.git/config /.git/ /.git /dir/.hidden /dir/.well-known/x /.well-known/.secret /... /%2ehidden /dir/../.hidden; do
	get $target
	is "$STATUS" 404 "$target is 404"
done
get /.well-known/security.txt
is "$STATUS" 200 ".well-known is served"
for name in .zgroup .zmetadata temperature/.zarray deep/er/.zattrs; do
	get "/z/$name"
	is "$STATUS $(cat "$BODY")" "200 $name" "$name is served"
done
head_of /z/.zgroup
is "$STATUS $(header Content-Length)" "200 7" "HEAD of .zgroup is served"
get /z/%2ezgroup
is "$STATUS" 200 "an escaped spelling is served"
for name in .zarray .zarray2 .zarray.bak .Zarray .zgroup.d/x a/.zattrs.d/.zarray .git/.zarray .zmeta .zgroup/ ; do
	get "/z/$name"
	is "$STATUS" 404 "the similar name $name is 404"
done

stop_ranged
config 'dotfiles = true'
start_ranged
for target in /.hidden /.git/config /dir/.hidden /...; do
	get $target
	is "$STATUS" 200 "dotfiles = true: $target is served"
done
finish
