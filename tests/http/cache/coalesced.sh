#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Concurrent reads of the same cold file by 60 clients of several workers are coalesced: the file is read once.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file a.bin 20000001
sync -f "$ROOT"
CACHE=64M
start_ranged --workers 4
before=$(read_bytes)
for i in $(seq 60); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/a.bin"\noutput = "%s"\n' "$URL" "$DIR/out.$i"
done >"$DIR/curls"
ok "60 concurrent requests succeed" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 60 --config "$DIR/curls"
at_most $(($(read_bytes) - before)) 21000000 "the file is read from the disk once"
for i in $(seq 60); do cmp -s "$ROOT/a.bin" "$DIR/out.$i" || echo "$i"; done >"$DIR/wrong"
is "$(cat "$DIR/wrong")" "" "all bodies are correct"
rm -f "$DIR"/out.*
finish
