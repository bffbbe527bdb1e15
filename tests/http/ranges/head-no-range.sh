#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# HEAD ignores Range: it answers as a GET of the whole would.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000
start_ranged

for range in 0-9 5000- 0-9,500-509; do
	ask "HEAD /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=$range\r\nConnection: close\r\n\r\n" -m HEAD
	is "$STATUS" 200 "HEAD with $range is 200"
	is "$(header Content-Length "$DIR/1.head")" 1000 "with the length of the whole"
	not_ok "and no Content-Range" header Content-Range "$DIR/1.head"
	is "$(size_of "$DIR/1.body")" 0 "no body"
done
finish
