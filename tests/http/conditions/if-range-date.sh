#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A date in If-Range matches if it is exactly the Last-Modified date, in any form, and at least 2 s older than the Date
# of the response.
. "$(dirname "$0")/../lib.sh"

make_text a.txt 0123456789
touch -d '1994-11-06 08:49:37 UTC' "$ROOT/a.txt"
make_text fresh.txt 0123456789
start_ranged

while IFS= read -r date; do
	get_range 2-4 /a.txt -H "If-Range: $date"
	is "$STATUS" 206 "$date is the date of the file"
done <<-'END'
	Sun, 06 Nov 1994 08:49:37 GMT
	Sunday, 06-Nov-94 08:49:37 GMT
	Sun Nov  6 08:49:37 1994
END
for seconds in -1 1 86400; do
	get_range 2-4 /a.txt -H "If-Range: $(http_date "$ROOT/a.txt" $seconds)"
	is "$STATUS" 200 "a date that differs by $seconds s does not match"
done

# A file that was just written: its date is equal, but does not identify the version.
touch -d "@$(date +%s)" "$ROOT/fresh.txt"
date=$(http_date "$ROOT/fresh.txt")
get_range 2-4 /fresh.txt -H "If-Range: $date"
is "$STATUS" 200 "the date of a file that was just written does not match"
later() { get_range 2-4 /fresh.txt -H "If-Range: $date" && [ "$STATUS" = 206 ]; }
ok "the date matches 2 s later" await 5 later
finish
