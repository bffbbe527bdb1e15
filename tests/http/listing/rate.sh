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
hold_clock
# The burst is sent at once. rate_file does not apply.
download_for 1 <<<'listing 15360 1 127.0.0.1 /d/?format=json'
release_clock
is_rate "$(bytes_of listing)" 15360 90 150 "a listing has the rate"
at_least "$size" 25000 "the listing is larger than that"
start_fast_clock
get "/d/?format=json"
is "$STATUS $RC $(grep -c '"href"' "$BODY")" "200 0 300" "the listing is complete"
finish
