#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# location blocks: cache = never keeps nothing, cache = pin keeps through everything.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current folder is on a tmpfs"
make_file never/a.bin 500000 never/b.bin 3000000 pin/a.bin 500000 pin/b.bin 3000000 huge.bin 100000000
sync -f "$ROOT"
CACHE=16M
config 'location "/never/" { cache = never }' 'location "/pin/" { cache = pin }'
start_ranged --workers 2
costs() { # PATH: bytes that it takes from the disk
	local before
	before=$(read_bytes)
	get "$1"
	cmp_whole "${1#/}"
	COST=$(($(read_bytes) - before))
}
for name in a b; do
	costs /never/$name.bin
	costs /never/$name.bin
	at_least $COST 500000 "never: it is read again"
	costs /pin/$name.bin
	costs /pin/$name.bin
	is "$COST" 0 "pin: it is not"
done
take_stats
at_most "$(stat_of extents 'stats cache')" 14 "extents: only what is pinned"
at_least "$(stat_of pinned 'stats cache ')" 3500000 "bytes are pinned"
get /huge.bin
get /huge.bin
for name in a b; do
	costs /pin/$name.bin
	is "$COST" 0 "pin: not after two passes over a huge file either"
done
stop_ranged
finish
