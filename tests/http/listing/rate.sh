#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A rate also limits listings, and the listing is complete.
. "$(dirname "$0")/../lib.sh"

mkdir "$ROOT/d"
(cd "$ROOT/d" && seq 1 300 | xargs touch)
config 'listing = true' 'rate = 15K' 'rate_file = 1K' 'location "/fast/" { rate = 0 rate_file = 0 }'
ln -s d "$ROOT/fast"
control_clock
start_ranged
get "/fast/?format=json"
size=$(size_of "$BODY")
start=$(clock_ms)
start_fast_clock
get "/d/?format=json"
took=$(($(clock_ms) - start))
is "$STATUS $RC $(grep -c '"href"' "$BODY")" "200 0 300" "the listing is complete"
at_least $took $(((size - 6000) / 15)) "the listing is not faster than the rate" # rate_file does not apply, and the burst is sent at once
at_most $took $((size * 2 / 15 + 1000 * RANGED_SLOW)) "the listing is not much slower than the rate"
finish
