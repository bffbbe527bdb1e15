#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rate_after: the first bytes of a response are sent at full speed.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1300000 small.bin 10007 folder/index.html 260000
config 'rate = 100K' 'rate_after = 1M' 'location "/folder/" { rate = 0 }' 'location "*index.html" { rate = 100K' ' rate_after = 0 }'
control_clock
start_ranged
hold_clock
get_range 0-1048575 /a.bin
cmp_range a.bin 0 1048575 "a range before rate_after is not limited: the clock stands still"
get /small.bin
cmp_whole small.bin "a small file is not limited"
download_for 2 <<-'END'
	whole 102400+1048576 1 127.0.0.1 /a.bin
	crossing 102400+1048576 1 127.0.0.1 /a.bin 0-1294999
	index 102400 1 127.0.0.1 /folder/
END
release_clock
near() { is_rate $(($(bytes_of "$1") - $2)) 102400 90 125 "$3"; } # GROUP UNLIMITED-BYTES NAME
near whole 1048576 "the bytes before rate_after are not limited, those after it are"
near crossing 1048576 "a range that crosses rate_after is limited from there on"
near index 0 "the location blocks of an index apply to its rate"

start_fast_clock
get /a.bin
cmp_whole a.bin
get_range 0-1294999 /a.bin
cmp_range a.bin 0 1294999
get /folder/
cmp_whole folder/index.html
finish
