#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If the mtime is unknown (0 or 1 s), the entity tag comes from FILE.etag.
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
is "$(header ETag)" '"sha256-1f2e3d"' "the tag is the content of the sidecar file"
not_ok "there is no Last-Modified" header Last-Modified
get /a.bin -H 'If-None-Match: "sha256-1f2e3d"'
is "$STATUS" 304 "If-None-Match with the tag matches"
get_range 0-9 /a.bin -H 'If-Range: "sha256-1f2e3d"'
is "$STATUS" 206 "the tag is strong"
get /b.bin
not_ok "a file without a sidecar file has no tag" header ETag
get /dated.bin
is "$(header ETag)" "$(etag_of "$ROOT/dated.bin")" "a file with an mtime does not use its sidecar file"
finish
