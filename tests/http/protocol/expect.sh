#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Expect: 100-continue is answered at once: with 100, or with the final status.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
get='GET /a.bin HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n'

# The body comes when the 100 has: 25 bytes of "HTTP/1.1 100 Continue\r\n\r\n".
# shellcheck disable=SC2059
printf "${get}Content-Length: 5\r\n\r\n" | wire -t "$(seconds 5)" -f 25 -q >"$DIR/reply"
is "$(head -c 12 "$DIR/reply")" "HTTP/1.1 100" "100 before the body"
get /a.bin -X GET --data-binary hello -H 'Expect: 100-continue' --expect100-timeout "$(seconds 5)"
is "$STATUS" 200 "then the answer"
cmp_whole a.bin
ask "${get}Connection: close\r\n\r\n"
like "$STATUSES" '^(100 )?200$' "without a body"
# The kind: without a body, and another request in the same packet. Nothing of it is our fault.
for method in GET HEAD OPTIONS; do
	for length in '' 'Content-Length: 0\r\n'; do
		ask "$method /a.bin HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n$length\r\nGET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" -m $method,GET
		like "$STATUSES $RC" '^(100 )?20[04] 200 0$' "$method ${length:+with a length of 0 }and one behind it"
	done
done
not_ok "no error in the log" grep -E ' error: |memory' "$DIR/error.log"
ask 'PUT /a.bin HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'
is "$STATUSES" 405 "what is refused is refused before its body"
finish
