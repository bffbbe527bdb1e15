#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Serving does not change the page cache: no page of a served file is resident.
. "$(dirname "$0")/../lib.sh"

need_cmd fincore
make_file a.bin 20000001 small.bin 10007
[ "$(stat -f -c %T "$ROOT")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
start_ranged

resident() { fincore -n -b -o PAGES "$ROOT/$1" | tr -d ' '; }
for name in a.bin small.bin; do
	# Removes the pages that were written from the page cache.
	dd of="$ROOT/$name" oflag=nocache conv=notrunc,fdatasync count=0 status=none
	is "$(resident $name)" 0 "$name: no page is resident before the request"
	get "/$name"
	is "$STATUS" 200 "$name is served"
	is "$(resident $name)" 0 "$name: no page is resident after the whole file was served"
	get_range 5001-9999 "/$name"
	get_range 1-,0-0 "/$name"
	is "$(resident $name)" 0 "$name: no page is resident after ranges were served"
done
cmp_range small.bin 0 10006 "the bytes are correct"
finish
