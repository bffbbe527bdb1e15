#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A connection that is idle between requests is closed after idle_timeout, not before.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config 'idle_timeout = 1500ms' 'header_timeout = 30s'
start_ranged
request='GET /a.bin HTTP/1.1\r\nHost: x\r\n\r\n'

start=$(date +%s%3N)
ask "$request" -t "$(seconds 10)"
took=$(($(date +%s%3N) - start))
is "$STATUSES $RC" "200 0" "answered, then closed"
at_least $took 1400 "not before its time"
at_most $took "$(seconds 4500)" "and soon after it"

# A pause that is shorter does no harm.
ask "$request$request$request" -c 37 -d 0.7 -t "$(seconds 15)"
is "$STATUSES" "200 200 200" "three requests with pauses"
finish
