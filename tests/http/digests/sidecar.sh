#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where mtime says nothing, FILE.etag gives the tag.
. "$(dirname "$0")/../lib.sh"

for name in a b; do
	make_file $name.bin 10007
	touch -d @1 "$ROOT/$name.bin"
done
printf 'sha256-1f2e3d' >"$ROOT/a.bin.etag"
make_file dated.bin 100
printf 'other' >"$ROOT/dated.bin.etag"
start_ranged

get /a.bin
is "$(header ETag)" '"sha256-1f2e3d"' "the tag of the sidecar"
not_ok "no Last-Modified" header Last-Modified
get /a.bin -H 'If-None-Match: "sha256-1f2e3d"'
is "$STATUS" 304 "it validates"
get_range 0-9 /a.bin -H 'If-Range: "sha256-1f2e3d"'
is "$STATUS" 206 "and it is strong"
get /b.bin
not_ok "another file has none" header ETag
get /dated.bin
is "$(header ETag)" "$(etag_of "$ROOT/dated.bin")" "a file with a time of its own does not need one"
finish
