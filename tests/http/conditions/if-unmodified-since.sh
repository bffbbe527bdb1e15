#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If-Unmodified-Since: 412 when the file is newer, and of no account beside If-Match.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
file=$ROOT/a.bin

get /a.bin -H "If-Unmodified-Since: $(http_date "$file")"
is "$STATUS" 200 "its own date"
get /a.bin -H "If-Unmodified-Since: $(http_date "$file" 86400)"
is "$STATUS" 200 "a later date"
get /a.bin -H "If-Unmodified-Since: $(http_date "$file" -1)"
is "$STATUS" 412 "an earlier date"
get_range 20000- /a.bin -H "If-Unmodified-Since: $(http_date "$file" -1)"
is "$STATUS" 412 "412 comes before 416"
get /a.bin -H "If-Unmodified-Since: $(http_date "$file" -1)" -H "If-Match: $(etag_of "$file")"
is "$STATUS" 200 "If-Match is true, so it does not count"
get /a.bin -H "If-Unmodified-Since: $(http_date "$file" 1)" -H 'If-Match: "x"'
is "$STATUS" 412 "If-Match is false, so it does not help"
get /a.bin -H "If-Unmodified-Since: yesterday"
is "$STATUS" 200 "no date is no condition"
finish
