#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A scan of a file much larger than the cache does not evict the extents that are used often.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
hot=()
for i in $(seq 150); do hot+=("hot/$i.bin" 65536); done
make_file "${hot[@]}"
make_file huge.bin 100000000
sync -f "$ROOT"
CACHE=24M
start_ranged --workers 2
for i in $(seq 150); do printf 'url = "%s/hot/%d.bin"\noutput = /dev/null\n%s\n' "$URL" "$i" "$([ "$i" = 150 ] || echo next)"; done >"$DIR/curls"
get_hot() { curl -sS --fail --no-progress-meter --config "$DIR/curls"; }
ok "hot files are served" get_hot
ok "hot files are served from the cache" get_hot
get /huge.bin
cmp_whole huge.bin
before=$(read_bytes)
ok "hot files are served after the scan" get_hot
at_most $(($(read_bytes) - before)) 700000 "few bytes of ten million are read again"
finish
