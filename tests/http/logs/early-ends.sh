#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A request that ends before its response has its request line in the log of the site of its host, if the server has
# received both. The request is counted with its method.
. "$(dirname "$0")/../lib.sh"
. "$LIB/admin.sh"
need_cmd ss

ROOT_DIR=$ROOT ROOT='' LISTEN='' LOGS=
config 'listen = 127.0.0.1:0' 'access_format = "%v %s \"%r\" %{reason}x"' 'header_timeout = 20s' "error_log = $DIR/error.log" \
	"site \"a.example\" { root = $ROOT_DIR access_log = $DIR/a.log }" \
	"site \"b.example\" { root = $ROOT_DIR access_log = $DIR/b.log location \"/quiet/\" { access_log = off } }" \
	"site \"c.example\" { root = $ROOT_DIR access_log = \"\" }"
control_clock
start_with_admin

# Returns true if the server has received everything that was sent to it.
all_is_received() { ss -Htn state established "( sport = :${ADDRESS##*:} )" | awk '$1 > 0 { exit 1 }'; }
# STATUS TEXT...: sends the texts one after the other, and ends the request in the way that causes this status.
end_with() {
	local text counter="ranged_requests_total{method=\"GET\",status=\"$1\"}" before
	take_numbers
	before=$(metric "$counter")
	exec 5<>"/dev/tcp/127.0.0.1/${ADDRESS##*:}"
	for text in "${@:2}"; do
		env printf "$text" >&5 # with one write, in contrast to the command of bash
		await 5 all_is_received
	done
	[ "$1" != 408 ] || advance 21 1
	[ "$1" = 499 ] || timeout "$(seconds 10)" cat <&5 >/dev/null
	exec 5>&-
	ok "GET is counted with $1: $2" await 10 has_metric "$counter" $((${before:-0} + 1))
}
for host in b c; do
	head="GET /$host HTTP/1.1\r\nHost: $host.example\r\n"
	for status in 499 408; do
		end_with $status "${head}Content-Length: 9\r\n\r\n"
		end_with $status "${head}User-Agent: x\r\nA"
		end_with $status "${head}Transfer-Encoding: chunked\r\n\r\n5\r\nab"
	done
	end_with 400 "${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n"
done
end_with 499 'GET /quiet/x HTTP/1.1\r\nHost: b.example\r\nContent-Length: 9\r\n\r\n'
end_with 499 'GE' 'T /split HTTP/1.1\r\nHost: b.example\r\nB: c\r\nA'
end_with 499 '\r\nGET /no-host HTTP/1.1\r\nA'
end_with 408 'GET /no-host' ' HTTP/1.1\r\nHo'
end_with 499 'GET /other HTTP/1.1\r\nHost: other.example\r\nContent-Length: 9\r\n\r\n'
stop_ranged
three() { printf '%s\n' "$1" "$1" "$1"; }
is "$(cat "$DIR/b.log")" "$(three 'b.example 499 "GET /b HTTP/1.1" client_before_response')
$(three 'b.example 408 "GET /b HTTP/1.1" header_timeout')
b.example 400 \"GET /b HTTP/1.1\" bad_request
b.example 499 \"GET /split HTTP/1.1\" client_before_response" "the log of the site has all its requests"
is "$(cat "$DIR/a.log")" '- 499 "GET /no-host HTTP/1.1" client_before_response
- 408 "GET /no-host HTTP/1.1" header_timeout
- 499 "GET /other HTTP/1.1" client_before_response' "the first log has only requests without a site"
finish
