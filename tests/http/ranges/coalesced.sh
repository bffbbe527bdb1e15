#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ranges that overlap, or that have at most 80 bytes between them, are coalesced. The other ranges remain separate
# parts, in their order.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100003
start_ranged
get_whole_head /a.bin

# If one range remains, the response is not a multipart.
while read -r list range; do
	get_range "$list" /a.bin
	is "$STATUS $(header Content-Range)" "206 bytes $range/100003" "$list becomes $range"
	cmp_range a.bin "$list: the body is correct" "${range#*-}" "$list: the bytes"
done <<-'END'
	0-9,0-9 0-9
	0-9,5-14 0-14
	5-14,0-9 0-14
	0-9,10-19 0-19
	0-99,10-19 0-99
	0-9,80-89 0-89
	80-89,0-9 0-89
	0-9,90-99 0-99
	0-9,160-169,80-89 0-169
	0-,5-9,-10 0-100002
	50-59,200000- 50-59
	200000-,50-59 50-59
END

get_range 0-9,91-100 /a.bin
is_multipart a.bin 0-9 91-100
get_range 91-100,0-9 /a.bin
is_multipart a.bin 91-100 0-9
get_range 0-4095,8191-12286,4177-4180 /a.bin
is_multipart a.bin 0-4095 8191-12286 4177-4180
get_range 50000-50009,0-9,50005-50019,4-19 /a.bin
is_multipart a.bin 50000-50019 0-19
get_range 0-9,50000-50009,80-89,90000- /a.bin
is_multipart a.bin 0-89 50000-50009 90000-100002
# The third range joins the first two.
get_range 0-9,160-169,90000-90009,80-89 /a.bin
is_multipart a.bin 0-169 90000-90009
finish
