#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Dates are read in all three forms of RFC 9110. A condition with an invalid date is ignored.
. "$(dirname "$0")/../lib.sh"

make_text a.txt content
touch -d '1994-11-06 08:49:37 UTC' "$ROOT/a.txt"
start_ranged

while IFS= read -r date; do
	get /a.txt -H "If-Modified-Since: $date"
	is "$STATUS" 304 "$date is the date of the file"
done <<-'END'
	Sun, 06 Nov 1994 08:49:37 GMT
	Sunday, 06-Nov-94 08:49:37 GMT
	Sun Nov  6 08:49:37 1994
	Mon, 07 Nov 1994 00:00:00 GMT
	Monday, 07-Nov-94 00:00:00 GMT
	Mon Nov  7 00:00:00 1994
	Sun Nov 13 08:49:37 1994
END
while IFS= read -r date; do
	get /a.txt -H "If-Modified-Since: $date"
	is "$STATUS" 200 "$date is earlier than the date of the file"
done <<-'END'
	Sun, 06 Nov 1994 08:49:36 GMT
	Sunday, 06-Nov-94 08:49:36 GMT
	Sun Nov  6 08:49:36 1994
END
while IFS= read -r date; do
	get /a.txt -H "If-Modified-Since: $date" -H "If-Unmodified-Since: $date"
	is "$STATUS" 200 "[$date] is not a valid date"
done <<-'END'
	0
	784111777
	1994-11-06T08:49:37Z
	Sun, 06 Nov 1994 08:49:37
	Sun, 06 Nov 1994 08:49:37 CET
	Sun, 06 Nov 1994 08:49:37 +0000
	Sun, 6 Nov 1994 08:49:37 GMT
	Sun, 31 Feb 2044 08:49:37 GMT
	Sun, 06 Nov 2044 25:49:37 GMT
	Sun, 06 Nov 2044 08:60:37 GMT
	Sun, 06 Nov 2044 08:49:37 GMT x
	Sun, 06 Now 2044 08:49:37 GMT
	Sunday, 06-Nov-2044 08:49:37 GMT
END
finish
