#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A bad place in a file: what lies before it is served, what lies on it is 503 or cut at it.
. "$(dirname "$0")/../lib.sh"

need_fuse
mkdir "$DIR/source" "$DIR/mirror"
ROOT=$DIR/source
make_file a.bin 20000000
start_faultfs "$DIR/source" "$DIR/mirror"
ROOT=$DIR/mirror
start_ranged
ROOT=$DIR/source

set_fault 0 5 0 8388608
get_range 0-1999999 /a.bin
is "$STATUS" 206 "before it"
cmp_range a.bin 0 1999999
get_range 15000000-15000009 /a.bin
is "$STATUS" 503 "behind it"
get /a.bin
isnt $RC 0 "over it: the connection is cut"
length=$(size_of "$BODY")
at_most "$length" 8388608 "no byte of the bad place"
at_least "$length" $((8388608 - 4 * 1048576)) "but most of what lies before"
ok "$length bytes came, all of the file" cmp -n "$length" "$ROOT/a.bin" "$BODY"
offset=$(grep -oE 'a\.bin.*offset [0-9]+' "$DIR/error.log" | tail -n 1 | grep -oE '[0-9]+$')
like "$offset" '^[0-9]+$' "the log has the offset"
set_fault 0 0 0
get /a.bin
cmp_whole a.bin "well again, all of it"
finish
