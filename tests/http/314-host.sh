#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# HTTP/1.1 wants exactly one Host field.
. "$(dirname "$0")/lib.sh"

make_file a.bin 100
start_ranged
end='\r\nConnection: close\r\n\r\n'

ask "GET /a.bin HTTP/1.1$end"
is "$STATUS" 400 "none is 400"
ask "GET /a.bin HTTP/1.1\r\nHost: a\r\nHost: b$end"
is "$STATUS" 400 "two are 400"
ask "GET /a.bin HTTP/1.1\r\nHost: a\r\nhost: a$end"
is "$STATUS" 400 "two equal ones too"
ask "GET http://a/a.bin HTTP/1.1$end"
is "$STATUS" 400 "also in the absolute form"
ask "GET /a.bin HTTP/1.1\r\nHost:$end"
is "$STATUS" 200 "it may be empty"
ask "GET /a.bin HTTP/1.0\r\n\r\n"
is "$STATUS" 200 "HTTP/1.0 has none"
ask "GET /a.bin HTTP/1.1\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n"
is "$STATUSES $RC" "400 0" "and the connection is closed"
finish
