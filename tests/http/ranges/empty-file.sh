#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An empty file is answered with 200 and an empty body, whatever range is requested.
. "$(dirname "$0")/../lib.sh"

make_file empty 0
start_ranged

for range in 0-0 0- -1 -0 5-9 0-0,1-1; do
	get_range "$range" /empty
	is "$STATUS" 200 "$range: the status is 200"
	is "$(header Content-Length)" 0 "$range: Content-Length is 0"
	is "$(size_of "$BODY")" 0 "$range: the body is empty"
done
not_ok "the response has no Content-Range" header Content-Range
is "$(header Accept-Ranges)" bytes "the response has Accept-Ranges"
finish
