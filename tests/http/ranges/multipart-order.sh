#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The parts of a multipart response have the order of the request.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100003
start_ranged
get_whole_head /a.bin

get_range 50000-50009,0-9,90000-90009,20000-20009 /a.bin
is_multipart a.bin 50000-50009 0-9 90000-90009 20000-20009
get_range -10,0-9 /a.bin
is_multipart a.bin 99993-100002 0-9
get_range 60000-60009,200000-,0-9 /a.bin
is_multipart a.bin 60000-60009 0-9
finish
