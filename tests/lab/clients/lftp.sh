#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lftp mirrors a tree, once and again, and fetches a file in parts.
. "$(dirname "$0")/lib.sh"

need_client lftp lftp
make_tree
make_file big.bin 5000000
serve
cd "$DIR" || exit 1
ok "mirror" lftp -c "set net:max-retries 2; mirror -P 2 $URL/tree/ out"
same_tree out "mirror"
: >"$DIR/access.log"
ok "mirror again" lftp -c "mirror $URL/tree/many/ out/many"
mark_log
is "$(asked '^GET /tree/many/f')" 0 "takes nothing"
ok "pget" lftp -c "pget -n 4 $URL/big.bin"
ok "has the file" cmp "$ROOT/big.bin" big.bin
mark_log
at_least "$(asked '^GET /big.bin 206')" 1 "in parts, where the first is not faster than the others begin"
finish
