#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If-Range with a date: exactly that of Last-Modified, in any form, and older than Date by 2 s.
. "$(dirname "$0")/../lib.sh"

make_text a.txt 0123456789
touch -d '1994-11-06 08:49:37 UTC' "$ROOT/a.txt"
make_text fresh.txt 0123456789
start_ranged

while IFS= read -r date; do
	get_range 2-4 /a.txt -H "If-Range: $date"
	is "$STATUS" 206 "$date is its date"
done <<-'END'
	Sun, 06 Nov 1994 08:49:37 GMT
	Sunday, 06-Nov-94 08:49:37 GMT
	Sun Nov  6 08:49:37 1994
END
for seconds in -1 1 86400; do
	get_range 2-4 /a.txt -H "If-Range: $(http_date "$ROOT/a.txt" $seconds)"
	is "$STATUS" 200 "$seconds s off is the whole"
done

# Just written: its date is right, but says too little.
touch -d "@$(date +%s)" "$ROOT/fresh.txt"
date=$(http_date "$ROOT/fresh.txt")
get_range 2-4 /fresh.txt -H "If-Range: $date"
is "$STATUS" 200 "a file of now is never matched by its date"
later() { get_range 2-4 /fresh.txt -H "If-Range: $date" && [ "$STATUS" = 206 ]; }
ok "later it is" await 5 later
finish
