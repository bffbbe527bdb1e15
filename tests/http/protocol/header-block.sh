#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A header block over the limit is answered with 431.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged

fields() { perl -e 'printf "X-%03d: %s\\r\\n", $_, "v" x $ARGV[1] for 1 .. $ARGV[0]' "$1" "$2"; }

ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$(fields 40 150)Connection: close\r\n\r\n"
is "$STATUS" 200 "6 KiB are accepted"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$(fields 100 150)Connection: close\r\n\r\n"
is "$STATUS" 431 "15 KiB are rejected"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$(fields 1 13000)Connection: close\r\n\r\n"
is "$STATUS" 431 "15 KiB in one field are rejected"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$(fields 1000 200)Connection: close\r\n\r\n"
like "$STATUS $RC" '^431 |^ 4$' "200 KiB are rejected"
ask "$(perl -e 'print "\\r\\n" x 20000')GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
like "$RC" '^[04]$' "40 KiB of empty lines end the connection"
get /a.bin
is "$STATUS" 200 "other clients are served"
finish
