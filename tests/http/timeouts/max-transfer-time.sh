#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# max_transfer_time: a response that takes longer is cut.
. "$(dirname "$0")/../lib.sh"

make_file long/a.bin 4000000 a.bin 4000000
config 'rate = 1M' 'location "/long/" { max_transfer_time = 1s }'
start_ranged
from=$(date +%s%N)
get /long/a.bin
took=$((($(date +%s%N) - from) / 1000000))
isnt $RC 0 "it is cut"
at_least "$(size_of "$BODY")" 500000 "after what went out in that time"
at_most "$(size_of "$BODY")" 2800000 "and no more"
at_least $took 900 "not before"
cmp_range long/a.bin 0 $(($(size_of "$BODY") - 1)) "what came is right"
get /a.bin
is $RC 0 "elsewhere it is not"
cmp_whole a.bin
finish
