#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An HTTP/1.1 request must have exactly one Host field, with a valid value.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged
end='\r\nConnection: close\r\n\r\n'

ask "GET /a.bin HTTP/1.1$end"
is "$STATUS" 400 "a request without Host is 400"
ask "GET /a.bin HTTP/1.1\r\nHost: a\r\nHost: b$end"
is "$STATUS" 400 "two Host fields are 400"
ask "GET /a.bin HTTP/1.1\r\nHost: a\r\nhost: a$end"
is "$STATUS" 400 "two equal Host fields are 400"
ask "GET http://a/a.bin HTTP/1.1$end"
is "$STATUS" 400 "the absolute form needs a Host field, too"
ask "GET /a.bin HTTP/1.1\r\nHost:$end"
is "$STATUS" 200 "an empty Host is accepted"
ask "GET /a.bin HTTP/1.0\r\n\r\n"
is "$STATUS" 200 "HTTP/1.0 needs no Host"
ask "GET /a.bin HTTP/1.1\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n"
is "$STATUSES $RC" "400 0" "the connection is closed after the 400 response"

# Each of these requests has a connection of its own, and heads.pl sends all of them.
mkdir "$DIR/sent"
titles=() expected=()
expect() { # ANSWER TEXT NAME
	expected+=("$1")
	titles+=("$3")
	# shellcheck disable=SC2059
	printf "$2" >"$DIR/sent/${#titles[@]}"
}

# Invalid authorities: a blank, a slash, a scheme, user information, an invalid port, control bytes, an incomplete
# address.
for host in 'a b' a/b http://a u@a u:p@a a:b a:-1 a:65536 a:80:80 :80 'a\001' 'a\177' 'a?b' 'a#b' 'a\\b' a%%zz 'caf\303\251' '[::1' '[::g]' '[::1]x' ::1 '[fe80::1%%25eth0]' 'a, b' '"a"'; do
	expect "400 closed" "GET /a.bin HTTP/1.1\r\nHost: $host\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n" \
		"Host: $host is 400, and the connection is closed"
	expect "400 closed" "GET /a.bin HTTP/1.0\r\nHost: $host\r\n\r\n" "an invalid Host in HTTP/1.0 is 400"
	case $host in *[/?#]* | *' '* | *'\001'* | *'\177'*) continue ;; esac # the target would be another one
	expect "400 closed" "GET http://$host/a.bin HTTP/1.1\r\nHost: x$end" "an invalid authority in absolute form is 400"
done
for host in a a. a:80 a: a:0 a_b A-1.example:65535 '[::1]' '[::1]:80' '[::ffff:1.2.3.4]:' 127.0.0.1:8080 'a%%20b' '[v1.x]'; do
	expect "200 closed" "GET /a.bin HTTP/1.1\r\nHost: $host$end" "Host: $host is served"
	expect "200 closed" "GET http://$host/a.bin HTTP/1.1\r\nHost: x$end" "the same authority in absolute form is served"
done
# shellcheck disable=SC2046
mapfile -t answers < <(perl "$LIB/heads.pl" "$ADDRESS" $(seq -f "$DIR/sent/%g" ${#titles[@]}))
for i in "${!titles[@]}"; do
	is "${answers[i]#* }" "${expected[i]}" "${titles[i]}"
done
finish
