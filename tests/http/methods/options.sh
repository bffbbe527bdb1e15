#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# OPTIONS is answered with 204 and Allow, for a path and for the server as a whole.
. "$(dirname "$0")/../lib.sh"

make_file hello.bin 100
start_ranged

get /hello.bin -X OPTIONS
is "$STATUS" 204 "the status is 204"
is "$(header Allow)" "GET, HEAD, OPTIONS" "the response has Allow"
is "$(size_of "$BODY")" 0 "there is no body"
not_ok "a 204 response has no Content-Length" header Content-Length

ask 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\nGET /hello.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUSES" "204 200" "the connection serves another request after OPTIONS *"
is "$(header Allow "$DIR/1.head")" "GET, HEAD, OPTIONS" "the response to OPTIONS * has Allow"
cmp_whole hello.bin "the next response is complete" "$DIR/2.body"

ask 'GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
is "$STATUS" 400 "the target * is only valid for OPTIONS"
finish
