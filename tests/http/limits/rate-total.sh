#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rate_total limits all clients of all workers together. If several rates apply to a response, the lowest one decides.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000000 slow/a.bin 20000000
config 'rate_total = 2M' 'location "/slow/" { rate = 256K }'
control_clock
start_ranged --workers 2
start=$(clock_ms)
for i in 1 2 3 4; do start_count fast.$i /a.bin --interface 127.0.0.$i; done
start_count slow /slow/a.bin
count_for "$start" 5000
total=$(bytes_of \*)
at_least "$total" $((2097152 * MS * 90 / 100000)) "all clients together get rate_total"
at_most "$total" $((2097152 * MS * 110 / 100000)) "all clients together do not get more"
at_most "$(bytes_of slow)" $((262144 * MS * 115 / 100000)) "a response with a lower rate of its own has that rate"
finish
