#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A target with blanks, control bytes or a fragment is answered with 400.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
make_text 'a b' x
start_ranged

for target in '/a b' '/a\tb' '/a.bin#x' '/a\001' '/a\177' '/a.bin#' '/a b HTTP/1.1 c'; do
	ask "GET $target HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	is "$STATUS" 400 "$target is 400"
done
ask 'GET /caf\303\251 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
like "$STATUS" '^(400|404)$' "raw bytes over 127 are rejected or not found"
get /a%20b
is "$STATUS" 200 "the escaped target is served"
finish
