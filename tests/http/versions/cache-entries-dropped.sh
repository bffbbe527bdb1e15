#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# When a new version of a file is noticed, the extents of the old version are removed from the cache.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 9000001
control_clock
start_ranged --workers 2
get /a.bin
take_stats
is "$(stat_of extents 'stats cache')" 35 "the cache has the extents of the first version"
for way in replaced rewritten; do
	perl "$LIB/pattern.pl" - "$way" 5000001 >"$DIR/new"
	if [ $way = replaced ]; then mv "$DIR/new" "$ROOT/a.bin"; else cat "$DIR/new" >"$ROOT/a.bin"; fi
	age "$ROOT/a.bin"
	advance 2
	get /a.bin
	cmp_whole a.bin "$way: the new version is served"
	few() { take_stats && [ "$(stat_of extents 'stats cache')" = 20 ]; }
	ok "$way: the extents of the old version are removed" await 5 few
done
stop_ranged
finish
