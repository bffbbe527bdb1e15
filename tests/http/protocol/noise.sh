#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Random bytes are rejected or the connection is closed. Other clients are served.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
perl "$LIB/pattern.pl" - noise 2000000 >"$DIR/noise"
config 'header_timeout = 2s'
start_ranged

for i in $(seq 0 19); do
	tail -c +$((i * 100000 + 1)) "$DIR/noise" | head -c 100000 | wire -t "$(seconds 12)" >"$DIR/reply" 2>/dev/null
	like "$?" '^[04]$' "the connection with noise $i is closed"
	[[ $(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/") != *[23]0* ]] || fail "noise is not served"
done
printf '\026\003\001\002\000\001\000\001\374\003\003%0400d\r\n\r\n' 0 | wire -t "$(seconds 12)" >"$DIR/reply" 2>/dev/null
like "$?" '^[04]$' "a TLS ClientHello on a plain connection closes it"
get /a.bin
is "$STATUS" 200 "other clients are served"
cmp_whole a.bin
finish
