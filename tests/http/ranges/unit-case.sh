#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The unit is bytes, in any case.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000
start_ranged

for unit in bytes Bytes BYTES bYtEs; do
	get /a.bin -H "Range: $unit=10-19"
	is "$STATUS" 206 "$unit is 206"
	cmp_range a.bin 10 19 "$unit: the bytes"
done
get /a.bin -H "range: bytes=10-19"
is "$STATUS" 206 "so is the name of the field"
finish
