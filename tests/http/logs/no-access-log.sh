#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Without access_log there is none, and - is stderr.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged --access-log ''
get /a.bin
is "$STATUS" 200 "served"
stop_ranged
not_ok "no log" test -s "$DIR/access.log"

start_ranged --access-log - --error-log ''
get_range 5-9 /a.bin
stop_ranged
like "$(cat "$DIR/stderr.2")" '"GET /a.bin HTTP/1\.1" 206 5 ' "the access log on stderr"
like "$(cat "$DIR/stderr.2")" 'listening on' "and the error log"
finish
