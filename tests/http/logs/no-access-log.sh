#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Without access_log there is no access log. The value - is standard error.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged --access-log ''
get /a.bin
is "$STATUS" 200 "the request is served"
stop_ranged
not_ok "there is no access log" test -s "$DIR/access.log"

start_ranged --access-log - --error-log ''
get_range 5-9 /a.bin
stop_ranged
like "$(cat "$DIR/stderr.2")" '"GET /a.bin HTTP/1\.1" 206 5 ' "the access log goes to standard error"
like "$(cat "$DIR/stderr.2")" 'listening on' "the error log goes to standard error"
finish
