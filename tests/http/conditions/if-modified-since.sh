#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If-Modified-Since: 304 when the file is not newer, and of no account beside If-None-Match.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
file=$ROOT/a.bin

get /a.bin -H "If-Modified-Since: $(http_date "$file")"
is "$STATUS" 304 "its own date"
get /a.bin -H "If-Modified-Since: $(http_date "$file" 1)"
is "$STATUS" 304 "a later date"
get /a.bin -H "If-Modified-Since: $(http_date "$file" -1)"
is "$STATUS" 200 "an earlier date"
cmp_whole a.bin
get /a.bin --head -H "If-Modified-Since: $(http_date "$file")"
is "$STATUS" 304 "HEAD too"
get /a.bin -H "If-Modified-Since: $(http_date "$file")" -H 'If-None-Match: "x"'
is "$STATUS" 200 "If-None-Match does not match, so it does not count"
get /a.bin -H "If-Modified-Since: $(http_date "$file" -1)" -H "If-None-Match: $(etag_of "$file")"
is "$STATUS" 304 "If-None-Match matches, so it does not count either"
finish
