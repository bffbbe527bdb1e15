#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# limits_dry_run logs what would be limited and limits nothing.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 3000000 small.bin 100
config 'rate = 100K' 'requests_per_client = 2' 'transfers_per_client = 1' 'limits_dry_run = true'
control_clock
start_ranged
from=$(date +%s%N)
get /a.bin
at_most $((($(date +%s%N) - from) / 1000000)) "$(seconds 5000)" "a rate is not applied"
cmp_whole a.bin
advance 2 # one line per second and kind
for _ in 1 2 3 4 5 6; do get /small.bin; done
is "$STATUS" 200 "no request is rejected"
ok "a response that would be slower is logged" await 10 grep -qE '/a\.bin: limits_dry_run: the rate of the response would be limited' "$DIR/error.log"
ok "a request that would be rejected is logged" await 10 grep -qE '/small\.bin: limits_dry_run: the request would be rejected with 429' "$DIR/error.log"
finish
