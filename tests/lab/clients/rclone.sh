#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rclone lists and copies a directory tree, copies nothing the second time, and reads from the middle of a file.
. "$(dirname "$0")/lib.sh"

need_client rclone rclone
make_tree 1200 $'new\nline' # rclone saves this name under another one
make_file big.bin 5000000
serve
cd "$DIR" || exit 1
rc() { rclone --config /dev/null --http-url "$URL" "$@"; }
is "$(rc lsf --files-only :http:tree/many | wc -l)" 1200 "lsf lists all files"
ok "copy succeeds" rc copy --transfers 8 --checkers 8 :http:tree out
same_tree out "copy"
mark_log
: >"$DIR/access.log"
ok "check finds no difference" rc check --size-only :http:tree out
ok "a second sync succeeds" rc sync :http:tree out
mark_log
is "$(asked '^GET [^ ]*[^/ ] 20')" 0 "the second sync copies nothing"
rc cat --offset 1234567 --count 100000 :http:big.bin >part
cmp_range big.bin 1234567 1334566 "cat from the middle of a file is correct" part
ok "check --download finds no difference" rc check --download :http:tree "$ROOT/tree"
finish
