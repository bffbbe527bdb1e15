#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Clients that read one large file at some distance from each other cost one read of the file, although the file is larger
# than the cache.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file big.bin 160000001
sync -f "$ROOT"
CACHE=64M
start_ranged --workers 1
before=$(read_bytes)

# At 40 MB/s, each client is about 10 MB behind the client before it. A tenth of the cache is 6.4 MB.
for i in 1 2 3; do
	curl -sS --limit-rate 40M -o "$DIR/body.$i" "$URL/big.bin" &
	clients+=($!)
	sleep 0.25
done
wait "${clients[@]}"
for i in 1 2 3; do ok "the bytes for client $i are correct" cmp "$DIR/body.$i" "$ROOT/big.bin"; done
at_most $(($(read_bytes) - before)) 170000000 "the file is read from the disk once"
finish
