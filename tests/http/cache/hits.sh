#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Cached bytes are not read again: each byte is read from the disk once, and the counters show where the bytes came
# from.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file a.bin 1000003 b.bin 9000001
sync -f "$ROOT"
start_ranged --workers 2
before=$(read_bytes)
for i in 1 2 3 4 5; do
	get /a.bin
	cmp_whole a.bin "a file of one extent is correct, request $i"
	get /b.bin
	cmp_whole b.bin "a file of many extents is correct, request $i"
	get_range $((i * 1000000 + 1))-$((i * 1000000 + 400000)) /b.bin
	cmp_range b.bin $((i * 1000000 + 1)) $((i * 1000000 + 400000))
done
at_most $(($(read_bytes) - before)) 10500000 "each byte is read from the disk once"
take_stats
at_least "$(stat_of cache 'stats bytes')" 40000000 "the counter of bytes from the cache is correct"
is "$(($(stat_of disk 'stats bytes') + $(stat_of coalesced 'stats bytes') + $(stat_of cache 'stats bytes')))" $((5 * 10400004)) \
	"the counters add up to all bytes"
is "$(stat_of in_use 'stats cache ')" 0 "no extent stays in use"
is "$(stat_of in_flight 'stats device')" 0 "no read is in flight"
at_least "$(stat_of reads 'stats device')" 5 "the reads are counted"
stop_ranged
finish
