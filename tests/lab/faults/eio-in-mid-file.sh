#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A bad block in a file: ranges before it are served. A range that begins in it is 503, and one that reaches it is
# aborted there.
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
is "$STATUS" 206 "a range before the bad block is served"
cmp_range a.bin 0 1999999
get_range 15000000-15000009 /a.bin
is "$STATUS" 503 "a range after the bad block is 503"
get /a.bin
isnt $RC 0 "a range across the bad block is aborted"
length=$(size_of "$BODY")
at_most "$length" 8388608 "no byte of the bad block is sent"
at_least "$length" $((8388608 - 4 * 1048576)) "most of the bytes before the bad block are sent"
ok "all $length received bytes are correct" cmp -n "$length" "$ROOT/a.bin" "$BODY"
offset=$(grep -oE 'a\.bin.*offset [0-9]+' "$DIR/error.log" | tail -n 1 | grep -oE '[0-9]+$')
like "$offset" '^[0-9]+$' "the log has the offset"
set_fault 0 0 0
get /a.bin
cmp_whole a.bin "the whole file is served after the disk has recovered"
finish
