#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# cache_size = 0: files are served, and nothing remains in the cache.
. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2086
make_sizes $ODD_SIZES
make_file b.bin 9000001
sync -f "$ROOT"
CACHE=0
start_ranged --workers 2
check_odd_ranges "without a cache"
check_odd_ranges "without a cache, 30 at once" --parallel --parallel-max 30
for i in 1 2 3; do
	get /b.bin
	cmp_whole b.bin "the file is correct, request $i"
done
take_stats
is "$(stat_of extents 'stats cache')" 0 "nothing remains in the cache"
is "$(stat_of free 'stats cache')" "$(stat_of bytes 'stats cache')" "all memory is free"
at_least "$(stat_of disk 'stats bytes')" 27000003 "all bytes came from the disk"
stop_ranged
finish
