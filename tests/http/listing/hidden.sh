#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A listing does not show names that would be answered with 404: names that begin with a dot, and hidden names.
. "$(dirname "$0")/../lib.sh"

make_file .dot 1 .well-known/x 1 a.key 1 b.bin 1 drafts/x 1 sub/.well-known 1 sub/c.key 1 sub/d.tmp 1 sub/e 1 sub/secret/f 1 sub/f/g.bin 1 zarr/.zgroup 1 zarr/.zattrs 1 zarr/.git 1 zarr/t/.zarray 1 zarr/t/0.0 1
config 'listing = true' 'hide = {"*.key", "drafts"}' 'location "/sub/" { hide = {"*.tmp", "/sub/secret"} }' 'location "/sub/f/" { hide = "*.bin" }'
start_ranged
listed() { get "$1?format=json"; perl "$LIB/links.pl" json <"$BODY" | xargs; }
is "$(listed /)" ".well-known/ sub/ zarr/ b.bin" "the listing of the root"
is "$(listed /sub/)" "f/ e" "hide of a location is added to that of the top level"
is "$(listed /zarr/) and $(listed /zarr/t/)" "t/ .zattrs .zgroup and .zarray 0.0" "the metadata of Zarr is listed"
is "$(listed /sub/f/)" "" "hide applies to directories below"
get /?format=json
like "$(cat "$BODY")" '"total":4' "hidden names are not counted"
get /drafts/
is "$STATUS" 404 "a hidden directory is not listed"
for name in .dot a.key drafts/x sub/d.tmp sub/secret sub/f/g.bin; do
	get "/$name"
	is "$STATUS" 404 "/$name is not served"
done
for name in b.bin sub/e .well-known/x; do
	get "/$name"
	is "$STATUS" 200 "/$name is served"
done
stop_ranged
config 'listing = true' 'dotfiles = true'
start_ranged
like "$(listed /)" '^.well-known/ drafts/ sub/ zarr/ .dot ' \
	"with dotfiles = true names that begin with a dot are listed"
finish
