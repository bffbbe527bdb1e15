#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# %2F does not separate path segments.
. "$(dirname "$0")/../lib.sh"

make_file dir/a.bin 100
start_ranged

for target in /dir%2Fa.bin /dir%2fa.bin /dir%2F/a.bin %2Fdir/a.bin /%2Fdir/a.bin /dir/..%2Fdir/a.bin /..%2F..%2F..%2Fetc/passwd; do
	ask "GET ${target//%/%%} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	like "$STATUS" '^(400|404)$' "$target is not found"
done
get /dir%252Fa.bin
is "$STATUS" 404 "a doubly encoded slash is not found"
get /dir/a.bin
is "$STATUS" 200 "a slash separates path segments"
finish
