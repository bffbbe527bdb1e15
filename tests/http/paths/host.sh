#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# HTTP/1.1 wants exactly one Host field.
. "$(dirname "$0")/../lib.sh"

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

# What no authority can be is 400: a blank, a slash, a scheme, userinfo, an odd port, control bytes, half an address.
for host in 'a b' a/b http://a u@a u:p@a a:b a:-1 a:65536 a:80:80 :80 'a\001' 'a\177' 'a?b' 'a#b' 'a\\b' a%%zz 'caf\303\251' '[::1' '[::g]' '[::1]x' ::1 '[fe80::1%%25eth0]' 'a, b' '"a"'; do
	ask "GET /a.bin HTTP/1.1\r\nHost: $host\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n"
	is "$STATUSES $RC" "400 0" "Host: $host is 400, and the connection is closed"
	ask "GET /a.bin HTTP/1.0\r\nHost: $host\r\n\r\n"
	is "$STATUS" 400 "with HTTP/1.0, too"
	case $host in *[/?#]* | *' '* | *'\001'* | *'\177'*) continue ;; esac # another target
	ask "GET http://$host/a.bin HTTP/1.1\r\nHost: x$end"
	is "$STATUS" 400 "and in the absolute form"
done
for host in a a. a:80 a: a:0 a_b A-1.example:65535 '[::1]' '[::1]:80' '[::ffff:1.2.3.4]:' 127.0.0.1:8080 'a%%20b' '[v1.x]'; do
	ask "GET /a.bin HTTP/1.1\r\nHost: $host$end"
	is "$STATUS" 200 "Host: $host is served"
	ask "GET http://$host/a.bin HTTP/1.1\r\nHost: x$end"
	is "$STATUS" 200 "in the absolute form, too"
done
finish
