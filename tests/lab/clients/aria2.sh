#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# aria2 fetches a file over many connections, goes on with one that was cut, and checks it against a digest.
. "$(dirname "$0")/lib.sh"

need_client aria2c aria2
make_file big.bin 40000000
serve
cd "$DIR" || exit 1
fetch() { aria2c -q --no-conf --enable-dht=false --allow-overwrite=true --auto-file-renaming=false "$@" "$URL/big.bin"; }
ok "eight connections" fetch -x 8 -s 8 -k 1M
ok "have the file" cmp "$ROOT/big.bin" big.bin
mark_log
at_least "$(asked '^GET /big.bin 206')" 8 "by ranges"
head -c 12345678 "$ROOT/big.bin" >big.bin
ok "the rest of a file" fetch -c
ok "makes it whole" cmp "$ROOT/big.bin" big.bin
rm big.bin
ok "with a digest" fetch -x 16 -s 16 -k 1M --checksum="sha-256=$(sha256sum <"$ROOT/big.bin" | cut -d ' ' -f 1)"
finish
