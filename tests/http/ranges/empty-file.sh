#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An empty file with any range is 200 and empty.
. "$(dirname "$0")/../lib.sh"

make_file empty 0
start_ranged

for range in 0-0 0- -1 -0 5-9 0-0,1-1; do
	get_range "$range" /empty
	is "$STATUS" 200 "$range is 200"
	is "$(header Content-Length)" 0 "$range: Content-Length"
	is "$(size_of "$BODY")" 0 "$range: no body"
done
not_ok "no Content-Range" header Content-Range
is "$(header Accept-Ranges)" bytes "Accept-Ranges"
finish
