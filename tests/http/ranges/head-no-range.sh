#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# HEAD ignores Range: the response describes the whole file.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000
start_ranged

for range in 0-9 5000- 0-9,500-509; do
	ask "HEAD /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=$range\r\nConnection: close\r\n\r\n" -m HEAD
	is "$STATUS" 200 "HEAD with $range: the status is 200"
	is "$(header Content-Length "$DIR/1.head")" 1000 "HEAD with $range: Content-Length is the size of the file"
	not_ok "HEAD with $range: there is no Content-Range" header Content-Range "$DIR/1.head"
	is "$(size_of "$DIR/1.body")" 0 "HEAD with $range: there is no body"
done
finish
