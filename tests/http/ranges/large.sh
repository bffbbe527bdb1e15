#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A large file, streamed whole and from the middle, more than the memory there is for it.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100000007
CACHE=16M
start_ranged

get /a.bin
is "$STATUS" 200 "200"
cmp_whole a.bin
get_range 33333333- /a.bin
is "$STATUS" 206 "206"
cmp_range a.bin 33333333 100000006
finish
