#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# aria2 fetches a file with several connections, resumes an incomplete download, and verifies a digest.
. "$(dirname "$0")/lib.sh"

need_client aria2c aria2
make_file big.bin 40000000
serve
cd "$DIR" || exit 1
fetch() { aria2c -q --no-conf --enable-dht=false --allow-overwrite=true --auto-file-renaming=false "$@" "$URL/big.bin"; }
# So slow that all connections are used.
ok "a download with eight connections succeeds" fetch -x 8 -s 8 -k 1M --max-download-limit=20M
ok "the file is correct" cmp "$ROOT/big.bin" big.bin
mark_log
at_least "$(asked '^GET /big.bin 206')" 8 "the file is fetched in ranges"
head -c 12345678 "$ROOT/big.bin" >big.bin
ok "an incomplete download is resumed" fetch -c
ok "the file is complete" cmp "$ROOT/big.bin" big.bin
rm big.bin
ok "a download with a digest succeeds" fetch -x 16 -s 16 -k 1M --checksum="sha-256=$(sha256sum <"$ROOT/big.bin" | cut -d ' ' -f 1)"
finish
