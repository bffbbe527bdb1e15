#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An mtime of 0 or 1 s means that the time is unknown. The response has no Last-Modified, and an ETag only if a sidecar
# file is newer than the file.
. "$(dirname "$0")/../lib.sh"

for mtime in 0 1 1.5; do
	make_file "$mtime.bin" 10007
	touch -d "@$mtime" "$ROOT/$mtime.bin"
done
make_file two.bin 10
touch -d @2 "$ROOT/two.bin"
start_ranged

for mtime in 0 1 1.5; do
	get /$mtime.bin
	is "$STATUS" 200 "mtime $mtime: the file is served"
	not_ok "mtime $mtime: there is no Last-Modified" header Last-Modified
	not_ok "mtime $mtime: there is no ETag" header ETag
	get /$mtime.bin -H "If-Modified-Since: $(date -u '+%a, %d %b %Y %H:%M:%S GMT')"
	is "$STATUS" 200 "mtime $mtime: If-Modified-Since is ignored"
	get_range 0-9 /$mtime.bin
	is "$STATUS" 206 "mtime $mtime: ranges work"
	get_range 0-9 /$mtime.bin -H 'If-Range: Thu, 01 Jan 1970 00:00:00 GMT'
	is "$STATUS" 200 "mtime $mtime: If-Range does not match"
	get /$mtime.bin -H 'If-Match: *'
	is "$STATUS" 200 "mtime $mtime: If-Match: * is true"
done
get /two.bin
is "$(header ETag)" "$(etag_of "$ROOT/two.bin")" "an mtime of 2 s is a valid time"
finish
