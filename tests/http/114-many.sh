#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# At most 16 ranges are served in parts; more that cannot be merged are the whole.
. "$(dirname "$0")/lib.sh"

make_file a.bin 1000003
start_ranged
get_whole_head /a.bin

spread() { # COUNT: ranges of 10 bytes, 20000 apart
	seq 0 20000 $((($1 - 1) * 20000)) | awk '{ printf "%s%d-%d", (NR > 1 ? "," : ""), $1, $1 + 9 }'
}

get_range "$(spread 16)" /a.bin
mapfile -td, ranges < <(printf '%s' "$(spread 16)")
is_multipart a.bin "${ranges[@]}"
get_range "$(spread 17)" /a.bin
is "$STATUS" 200 "17 apart are the whole"
cmp_whole a.bin
get_range "$(spread 16),5-14,20005-20014,900000-900001" /a.bin
is "$STATUS" 200 "17 after merging are the whole"
get_range "$(spread 16),5-14" /a.bin
ranges[0]=0-14
is_multipart a.bin "${ranges[@]}"
finish
