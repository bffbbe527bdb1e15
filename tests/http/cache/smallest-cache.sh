#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hundreds of concurrent clients are served correctly with the smallest possible cache.
. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2086
make_sizes $ODD_SIZES 3000001
CACHE=4M
config 'max_connections_per_client = 0'
start_ranged --workers 2
random_ranges 7 400 513 4097 65537 1048577 3000001
get_ranges "400 requests, 300 at once" 300
compare_ranges 400
take_stats
is "$(stat_of waiting 'stats cache ')" 0 "no read waits for memory"
is "$(stat_of in_use 'stats cache ')" 0 "no extent stays in use"
stop_ranged
finish
