#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A Range header with more than max_ranges (256) ranges is ignored.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged

list() { yes 0-0 | head -n "$1" | paste -sd,; }

get_range "$(list 256)" /a.bin
is "$STATUS $(header Content-Range)" "206 bytes 0-0/10007" "256 equal ranges become one range"
get_range "$(list 257)" /a.bin
is "$STATUS" 200 "257 ranges: the status is 200"
cmp_whole a.bin
get_range "$(list 256),,, ,,"  /a.bin
is "$STATUS" 206 "empty members are not counted"
get_range "$(list 256),9000-9000" /a.bin
is "$STATUS" 200 "the 257th range is not dropped silently"
finish
