#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The range unit "bytes" and the field name are case-insensitive.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000
start_ranged

for unit in bytes Bytes BYTES bYtEs; do
	get /a.bin -H "Range: $unit=10-19"
	is "$STATUS" 206 "the unit $unit: the status is 206"
	cmp_range a.bin 10 19 "the unit $unit: the body is correct"
done
get /a.bin -H "range: bytes=10-19"
is "$STATUS" 206 "the name of the field is case-insensitive"
finish
