#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Ranges at and around every boundary of sectors, pages and blocks are correct, for files of all sizes.
. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2086
make_sizes $ODD_SIZES
start_ranged

check_odd_ranges "one after the other"
check_odd_ranges "30 at once" --parallel --parallel-max 30
finish
