#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rate_total limits all clients of all workers together. If several rates apply to a response, the lowest one decides.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 11000000 slow/a.bin 2000000
config 'rate_total = 2M' 'location "/slow/" { rate = 256K }'
control_clock
start_ranged --workers 2
hold_clock
download_for 5 <<-'END'
	all 2097152 1 127.0.0.1 /a.bin
	all 2097152 1 127.0.0.2 /a.bin
	all 2097152 1 127.0.0.3 /a.bin
	all 2097152 1 127.0.0.4 /a.bin
	all 2097152 1 127.0.0.1 /slow/a.bin
END
release_clock
is_rate "$(bytes_of all)" 2097152 90 110 "all clients together get rate_total, and not more"
at_most "$(awk 'END { print $2 }' "$DIR/paced")" $((262144 * MS * 115 / 100000)) \
	"a response with a lower rate of its own has that rate"
finish
