#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The tag is weak until the file is 2 s old; meanwhile If-Range and If-Match don't match it, If-None-Match does.
. "$(dirname "$0")/lib.sh"

make_file a.bin 10007
start_ranged

touch "$ROOT/a.bin"
strong=$(etag_of "$ROOT/a.bin")
get /a.bin
is "$(header ETag)" "W/$strong" "just written: weak"
ok "it has a Last-Modified" header Last-Modified
get_range 0-9 /a.bin -H "If-Range: W/$strong"
is "$STATUS" 200 "If-Range with the weak tag"
get_range 0-9 /a.bin -H "If-Range: $strong"
is "$STATUS" 200 "If-Range with the strong form of it"
get /a.bin -H "If-Match: W/$strong"
is "$STATUS" 412 "If-Match with the weak tag"
get /a.bin -H "If-None-Match: W/$strong"
is "$STATUS" 304 "If-None-Match with the weak tag"

sleep 2.2
get /a.bin
is "$(header ETag)" "$strong" "2 s later: strong"
get_range 0-9 /a.bin -H "If-Range: $strong"
is "$STATUS" 206 "and If-Range matches"

touch -d '+1 hour' "$ROOT/a.bin"
sleep 1.1
get /a.bin
is "$(header ETag)" "W/$(etag_of "$ROOT/a.bin")" "of the future: weak"
finish
