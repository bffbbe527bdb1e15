#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client that does not send its header in time is cut, however steadily it drips.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'header_timeout = 1s'
start_ranged

timed() { # COMMAND...: sets RC and MS
	local start
	start=$(date +%s%3N)
	"$@"
	RC=$?
	MS=$(($(date +%s%3N) - start))
}

timed wire -t "$(seconds 10)" </dev/null >"$DIR/reply"
like "$RC" '^[04]$' "a silent one is cut"
at_least $MS 900 "not before its time"
at_most $MS "$(seconds 3500)" "and soon after it"

printf 'GET /a.bin HTTP/1.1\r\nHost: %0300d\r\n\r\n' 0 >"$DIR/request"
timed wire -c 1 -d 0.1 -t "$(seconds 20)" <"$DIR/request" >"$DIR/reply"
like "$RC" '^[04]$' "one byte at a time is cut"
at_most $MS "$(seconds 3500)" "at the same time"
[[ $(cat "$DIR/reply") != *" 200 "* ]] || fail "it was not served"

ask 'GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\nGET /a.bin HTTP/1.1\r\nHost: ' -t "$(seconds 10)"
is "$STATUSES" 200 "the second request of a connection has a deadline too"
like "$RC" '^[04]$' "and is cut"
get /a.bin
is "$STATUS" 200 "others are served"
finish
