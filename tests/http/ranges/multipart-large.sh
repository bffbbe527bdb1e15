#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A multipart of large parts is streamed: every byte is correct and the memory is bounded.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 30000001
CACHE=16M
start_ranged
get_whole_head /a.bin

get_range 1-9999999,12345678-23456789 /a.bin
is_multipart a.bin 1-9999999 12345678-23456789
get_range 20000000-,0-14999999 /a.bin
is_multipart a.bin 20000000-30000000 0-14999999
get_range 1048575-2097152,4194303-8388608,10485761-10485761,29999999- /a.bin
is_multipart a.bin 1048575-2097152 4194303-8388608 10485761-10485761 29999999-30000000
finish
