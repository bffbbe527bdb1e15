#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# HTTP/2 and malformed versions are rejected.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged

ask 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
is "$STATUS" 505 "the connection preface of HTTP/2 is 505"
ask 'GET /a.bin HTTP/2.0\r\nHost: x\r\n\r\n'
is "$STATUS" 505 "HTTP/2.0 is 505"
for version in HTTP/1 http/1.1 HTTP/11.1 HTTP/1.x HTTPS/1.1 1.1; do
	ask "GET /a.bin $version\r\nHost: x\r\n\r\n"
		like "$STATUS $RC" '^(400|505) |^ [04]$' "$version is rejected"
done
get /a.bin --http2
is "$STATUS" 200 "Upgrade: h2c is ignored"
ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n'
is "$STATUS" 200 "other protocols in Upgrade are ignored"
finish
