#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rate_after: the first bytes of a response are sent at full speed.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1300000 small.bin 10007 folder/index.html 200000
config 'rate = 100K' 'rate_after = 1M' 'location "/folder/" { rate = 0 }' 'location "*index.html" { rate = 100K' ' rate_after = 0 }'
control_clock
start_ranged
fetch() { # PATH [OPTION...]: sets MS
	local from
	from=$(clock_ms)
	get "$@"
	MS=$(($(clock_ms) - from))
}
start_fast_clock
fetch /a.bin
cmp_whole a.bin
at_least $MS 2000 "the bytes after rate_after are limited"
at_most $MS "$(seconds 6000)" "the bytes before rate_after are not limited"
get_range 0-1048575 /a.bin
at_most "$(fetch /a.bin -r 0-1048575; echo "$MS")" "$(seconds 1500)" "a range before rate_after is not limited"
cmp_range a.bin 0 1048575
fetch /small.bin
at_most $MS "$(seconds 1500)" "a small file is not limited"
cmp_whole small.bin
fetch /a.bin -r 0-1150000
cmp_range a.bin 0 1150000
at_least $MS 600 "a range that crosses rate_after is limited from there on"
fetch /folder/
cmp_whole folder/index.html
at_least $MS 1200 "the location blocks of an index apply to its rate"
finish
