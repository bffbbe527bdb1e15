#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Preconditions are evaluated in the order of RFC 9110, section 13.2.2, and all of them before ranges.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
file=$ROOT/a.bin tag=$(etag_of "$ROOT/a.bin")
same=$(http_date "$file") older=$(http_date "$file" -9) newer=$(http_date "$file" 9)

expect() { # STATUS NAME FIELD...
	local status=$1 name=$2 options=() field
	shift 2
	for field; do options+=(-H "$field"); done
	get /a.bin "${options[@]}"
	is "$STATUS" "$status" "$name"
}

expect 412 "If-Match fails before If-None-Match matches" 'If-Match: "x"' "If-None-Match: $tag"
expect 412 "If-Match fails before If-Modified-Since" 'If-Match: "x"' "If-Modified-Since: $same"
expect 304 "If-Match is true, then If-None-Match decides" "If-Match: $tag" "If-None-Match: $tag"
expect 304 "If-Match replaces If-Unmodified-Since" "If-Match: $tag" "If-Unmodified-Since: $older" "If-None-Match: *"
expect 412 "If-Unmodified-Since fails before If-None-Match" "If-Unmodified-Since: $older" "If-None-Match: $tag"
expect 304 "If-Unmodified-Since is true, then If-Modified-Since decides" "If-Unmodified-Since: $newer" "If-Modified-Since: $newer"
expect 200 "If-None-Match replaces If-Modified-Since" 'If-None-Match: "x"' "If-Modified-Since: $newer"
expect 412 "412 before 416" 'If-Match: "x"' "Range: bytes=20000-"
expect 412 "412 before 206" 'If-Match: "x"' "Range: bytes=0-9"
expect 304 "304 before 416" "If-None-Match: $tag" "Range: bytes=20000-"
expect 304 "304 before 206" "If-Modified-Since: $same" "Range: bytes=0-9" "If-Range: $tag"
expect 206 "all conditions are true, then If-Range and Range apply" "If-Match: $tag" 'If-None-Match: "x"' "If-Range: $tag" "Range: bytes=0-9"
cmp_range a.bin 0 9
expect 416 "all conditions are true, then the range is unsatisfiable" "If-Match: $tag" 'If-None-Match: "x"' "Range: bytes=20000-"
finish
