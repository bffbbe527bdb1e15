#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 200 concurrent requests for different ranges get exactly their bytes.
. "$(dirname "$0")/../lib.sh"

sizes=(1 511 4097 65537 1048577 9000001)
make_sizes "${sizes[@]}"
start_ranged

random_ranges 4711 200 "${sizes[@]}"
get_ranges "200 requests, 50 at once" 50
compare_ranges 200
finish
