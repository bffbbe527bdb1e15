#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# cache = never keeps nothing of the files of a location in the cache. cache = pin keeps their extents until the file
# changes.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file never/a.bin 500000 never/b.bin 3000000 pin/a.bin 500000 pin/b.bin 3000000 huge.bin 100000000
sync -f "$ROOT"
CACHE=16M
config 'location "/never/" { cache = never }' 'location "/pin/" { cache = pin }'
start_ranged --workers 2
costs() { # PATH: sets COST, the bytes that the request reads from the disk
	local before
	before=$(read_bytes)
	get "$1"
	cmp_whole "${1#/}"
	COST=$(($(read_bytes) - before))
}
for name in a b; do
	costs /never/$name.bin
	costs /never/$name.bin
	at_least $COST 500000 "a file with cache = never is read again"
	costs /pin/$name.bin
	costs /pin/$name.bin
	is "$COST" 0 "a pinned file is not read again"
done
take_stats
at_most "$(stat_of extents 'stats cache')" 14 "the cache contains only pinned extents"
at_least "$(stat_of pinned 'stats cache ')" 3500000 "the pinned bytes are counted"
get /huge.bin
get /huge.bin
for name in a b; do
	costs /pin/$name.bin
	is "$COST" 0 "a pinned file remains in the cache during two scans of a huge file"
done
stop_ranged
finish
