#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file that is larger than the cache is streamed correctly, as a whole and from the middle.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100000007
CACHE=16M
start_ranged

get /a.bin
is "$STATUS" 200 "the whole file: the status is 200"
cmp_whole a.bin
get_range 33333333- /a.bin
is "$STATUS" 206 "a range: the status is 206"
cmp_range a.bin 33333333 100000006
finish
