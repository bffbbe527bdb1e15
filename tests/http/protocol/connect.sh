#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# CONNECT is answered with 405 and a complete body.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged

for target in host:80 /a.bin; do
	ask "CONNECT $target HTTP/1.1\r\nHost: x\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n"
	like "$STATUSES" '^405' "CONNECT $target is 405"
	is "$(header Allow "$DIR/1.head")" "GET, HEAD, OPTIONS" "the response has Allow"
	is "$(header Content-Length "$DIR/1.head")" "$(size_of "$DIR/1.body")" "Content-Length is the size of the body"
done
finish
