#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A header block over the limit is 431.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
start_ranged

fields() { perl -e 'printf "X-%03d: %s\\r\\n", $_, "v" x $ARGV[1] for 1 .. $ARGV[0]' "$1" "$2"; }

ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$(fields 40 150)Connection: close\r\n\r\n"
is "$STATUS" 200 "6 KiB are fine"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$(fields 100 150)Connection: close\r\n\r\n"
is "$STATUS" 431 "15 KiB are not"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$(fields 1 13000)Connection: close\r\n\r\n"
is "$STATUS" 431 "nor in one field"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\n$(fields 1000 200)Connection: close\r\n\r\n"
like "$STATUS $RC" '^431 |^ 4$' "nor 200 KiB"
ask "$(perl -e 'print "\\r\\n" x 20000')GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
like "$RC" '^[04]$' "40 KiB of blank lines end"
get /a.bin
is "$STATUS" 200 "others are served"
finish
