#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A request that is rejected before its file is looked up is in the log of the site of its host. A request without a valid
# host is in the log of the site that a request without Host selects.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
lines() { cat "$DIR/$1.log" 2>/dev/null; }
# TEXT: sends a text as printf prints it, and waits until the server closes the connection.
say() {
	# shellcheck disable=SC2059
	printf "$1" | wire >/dev/null 2>&1
}
# HOST-FIELDS: sends a request of each kind that is rejected early. The request line is the expected line of the log.
reject_all() {
	say "POST /405 HTTP/1.1\r\n$1\r\n"
	say "BREW /501 HTTP/1.1\r\n$1\r\n"
	say "GET /%%zz HTTP/1.1\r\n$1\r\n"
	say "GET /%%00 HTTP/1.1\r\n$1\r\n"
	say "GET /413 HTTP/1.1\r\n${1}Content-Length: 9999999\r\n\r\n"
	say "GET /$(printf '%09000d' 0) HTTP/1.1\r\n$1\r\n"
	say "GET /431 HTTP/1.1\r\n${1}A: $(printf '%013000d' 0)\r\n\r\n"
	say "OPTIONS * HTTP/1.1\r\n$1\r\n"
}
expected() { # SITE
	printf '%s\n' "$1 POST /405 HTTP/1.1 405" "$1 BREW /501 HTTP/1.1 501" "$1 GET /%zz HTTP/1.1 400" \
		"$1 GET /%00 HTTP/1.1 400" "$1 GET /413 HTTP/1.1 413" "$1 GET /000 HTTP/1.1 414" "$1 GET /431 HTTP/1.1 431" \
		"$1 OPTIONS * HTTP/1.1 204"
}
shorten() { sed 's:/000[0…]*:/000:'; }

LISTEN='' LOGS=
log_of() { echo "access_log = $DIR/$1.log"; }
config 'listen = 127.0.0.1:0' "error_log = $DIR/error.log" "access_format = '%v %m %U%q %H %s'" \
	"site \"a.example\" { $(log_of a) error_page = {\"400 /400.html\"} }" "site \"*.b.example\" { $(log_of b) }" \
	"site \"*\" { $(log_of any) }"
make_text 400.html 'The page of a site'
start_ranged
reject_all 'Host: a.example\r\nConnection: close\r\n'
ask 'GET /%%zz HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n'
is "$STATUS $(cat "$DIR/1.body")" "400 The page of a site" "an invalid target gets the error page of its site"
reject_all 'Host: X.b.example:80\r\nConnection: close\r\n'
reject_all 'Host: other.example\r\nConnection: close\r\n'
for host in 'Host: a.example\r\nHost: a.example\r\n' 'Host: a.example/\r\n' 'Host: a example\r\n'; do
	say "GET /a.bin HTTP/1.1\r\n$host\r\n"
done
say 'GET http://a.example/%%zz HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n'
stop_ranged
is "$(lines a | head -n 8 | shorten)" "$(expected a.example)" "rejected requests are in the log of the site of their host"
is "$(lines a | sed 1,8d)" "a.example GET /%zz HTTP/1.1 400
a.example GET http://a.example/%zz HTTP/1.1 400" "and those with an absolute target"
is "$(lines b | shorten)" "$(expected '*.b.example')" "and those of a site with a pattern"
is "$(lines any | head -n 8 | shorten)" "$(expected '*')" "requests with another host are in the log of the site \"*\""
is "$(lines any | sed 1,8d)" "$(for i in 1 2 3; do echo '* GET /a.bin HTTP/1.1 400'; done)" "and so are requests without a valid host"

# Only sites have logs, and no site serves other hosts.
ROOT_DIR=$ROOT ROOT=
config 'listen = 127.0.0.1:0' "error_log = $DIR/error.log" "access_format = '%v %m %U%q %H %s %{reason}x'" \
	"site \"a.example\" { root = $ROOT_DIR access_log = \"\" }" "site \"b.example\" { root = $ROOT_DIR $(log_of first) }" \
	"site \"c.example\" { root = $ROOT_DIR $(log_of second) }"
start_ranged
for host in a.example b.example c.example other.example a/b; do
	say "POST /$host HTTP/1.1\r\nHost: $host\r\n\r\n"
done
say 'GET /421 HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n'
stop_ranged
is "$(lines first)" "b.example POST /b.example HTTP/1.1 405 method
- POST /other.example HTTP/1.1 405 method
- POST /a/b HTTP/1.1 400 bad_request
- GET /421 HTTP/1.1 421 unknown_host" "without a log of the top level, the first log has the requests without a site"
is "$(lines second)" "c.example POST /c.example HTTP/1.1 405 method" "and the other log has only its own requests"
finish
