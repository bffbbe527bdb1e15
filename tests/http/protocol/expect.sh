#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Expect: 100-continue is answered at once with 100, or with the final status.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
get='GET /a.bin HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n'

# The body is sent after the interim response "HTTP/1.1 100 Continue\r\n\r\n" of 25 bytes.
# shellcheck disable=SC2059
printf "${get}Content-Length: 5\r\n\r\n" | wire -t "$(seconds 5)" -f 25 -q >"$DIR/reply"
is "$(head -c 12 "$DIR/reply")" "HTTP/1.1 100" "100 is sent before the body arrives"
get /a.bin -X GET --data-binary hello -H 'Expect: 100-continue' --expect100-timeout "$(seconds 5)"
is "$STATUS" 200 "the final response follows"
cmp_whole a.bin
ask "${get}Connection: close\r\n\r\n"
like "$STATUSES" '^(100 )?200$' "a request without a body is answered"
# Requests of the same kind: without a body, with another request in the same packet. They are not errors of ranged.
for method in GET HEAD OPTIONS; do
	for length in '' 'Content-Length: 0\r\n'; do
		ask "$method /a.bin HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n$length\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" -m $method,GET
		like "$STATUSES $RC" '^(100 )?20[04] 200 0$' \
			"$method ${length:+with a length of 0 }and a pipelined request are answered"
	done
done
not_ok "the log has no error" grep -E ' error: |memory' "$DIR/error.log"
ask 'PUT /a.bin HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'
is "$STATUSES" 405 "a request that is rejected is answered before its body arrives"
finish
