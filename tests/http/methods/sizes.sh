#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whole files are correct for all sizes around the boundaries of blocks.
. "$(dirname "$0")/../lib.sh"

sizes="0 1 511 512 513 4095 4096 4097 65535 65536 65537 262143 262144 262145 1048575 1048576 1048577 5000001"
# shellcheck disable=SC2086
make_sizes $sizes
start_ranged

for round in first second; do
	for size in $sizes; do
		get "/$size.bin"
		[ "$STATUS" = 200 ] || fail "$size bytes: the status is 200" "$STATUS"
		cmp_range "$size.bin" 0 $((size - 1)) "$size bytes, $round request: the body is correct"
	done
done
finish
