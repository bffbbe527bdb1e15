#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If-Modified-Since: the response is 304 if the file is not newer. The field is ignored if If-None-Match is present.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
file=$ROOT/a.bin

get /a.bin -H "If-Modified-Since: $(http_date "$file")"
is "$STATUS" 304 "the date of the file: the status is 304"
get /a.bin -H "If-Modified-Since: $(http_date "$file" 1)"
is "$STATUS" 304 "a later date: the status is 304"
get /a.bin -H "If-Modified-Since: $(http_date "$file" -1)"
is "$STATUS" 200 "an earlier date: the status is 200"
cmp_whole a.bin
get /a.bin --head -H "If-Modified-Since: $(http_date "$file")"
is "$STATUS" 304 "HEAD: the status is 304"
get /a.bin -H "If-Modified-Since: $(http_date "$file")" -H 'If-None-Match: "x"'
is "$STATUS" 200 "a non-matching If-None-Match: If-Modified-Since is ignored"
get /a.bin -H "If-Modified-Since: $(http_date "$file" -1)" -H "If-None-Match: $(etag_of "$file")"
is "$STATUS" 304 "a matching If-None-Match: If-Modified-Since is ignored"
finish
