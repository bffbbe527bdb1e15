#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lftp mirrors a directory tree, again without changes, and fetches a file in ranges.
. "$(dirname "$0")/lib.sh"

need_client lftp lftp
make_tree
make_file big.bin 5000000
serve
cd "$DIR" || exit 1
ok "the tree is mirrored" lftp -c "set net:max-retries 2; mirror -P 2 $URL/tree/ out"
same_tree out "mirror"
: >"$DIR/access.log"
ok "a second mirror succeeds" lftp -c "mirror $URL/tree/many/ out/many"
mark_log
is "$(asked '^GET /tree/many/f')" 0 "unchanged files are not sent again"
ok "pget succeeds" lftp -c "pget -n 4 $URL/big.bin"
ok "the file is correct" cmp "$ROOT/big.bin" big.bin
mark_log
at_least "$(asked '^GET /big.bin 206')" 1 \
	"the file is fetched in ranges, unless the first one is faster than the others begin"
finish
