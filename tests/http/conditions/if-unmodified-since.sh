#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If-Unmodified-Since: the response is 412 if the file is newer. The field is ignored if If-Match is present.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
file=$ROOT/a.bin

get /a.bin -H "If-Unmodified-Since: $(http_date "$file")"
is "$STATUS" 200 "the date of the file: the status is 200"
get /a.bin -H "If-Unmodified-Since: $(http_date "$file" 86400)"
is "$STATUS" 200 "a later date: the status is 200"
get /a.bin -H "If-Unmodified-Since: $(http_date "$file" -1)"
is "$STATUS" 412 "an earlier date: the status is 412"
get_range 20000- /a.bin -H "If-Unmodified-Since: $(http_date "$file" -1)"
is "$STATUS" 412 "412 takes precedence over 416"
get /a.bin -H "If-Unmodified-Since: $(http_date "$file" -1)" -H "If-Match: $(etag_of "$file")"
is "$STATUS" 200 "a true If-Match: If-Unmodified-Since is ignored"
get /a.bin -H "If-Unmodified-Since: $(http_date "$file" 1)" -H 'If-Match: "x"'
is "$STATUS" 412 "a false If-Match: If-Unmodified-Since is ignored"
get /a.bin -H "If-Unmodified-Since: yesterday"
is "$STATUS" 200 "an invalid date: the condition is ignored"
finish
