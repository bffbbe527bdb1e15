#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OPTIONS is answered with 204 and Allow, for a path and for the server as a whole.
. "$(dirname "$0")/../lib.sh"

make_file hello.bin 100
start_ranged

get /hello.bin -X OPTIONS
is "$STATUS" 204 "204"
is "$(header Allow)" "GET, HEAD, OPTIONS" "Allow"
is "$(size_of "$BODY")" 0 "no body"
not_ok "no Content-Length on 204" header Content-Length

ask 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\nGET /hello.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUSES" "204 200" "OPTIONS * and the next request on its connection"
is "$(header Allow "$DIR/1.head")" "GET, HEAD, OPTIONS" "Allow for *"
cmp_whole hello.bin "the next answer is whole" "$DIR/2.body"

ask 'GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUS" 400 "* is for OPTIONS alone"
finish
