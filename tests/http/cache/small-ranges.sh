#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Small random ranges of a large cold file read few more bytes than requested. If many of them fall into one extent, the
# whole extent is read.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file big.bin 40000000
sync -f "$ROOT"
start_ranged --workers 1
RANDOM=99
for i in $(seq 100); do
	first=$(((RANDOM * 32768 + RANDOM) % 39000000))
	echo "big.bin $first $((first + 10006))"
	printf 'url = "%s/big.bin"\nrange = "%d-%d"\noutput = "%s"\n' "$URL" $first $((first + 10006)) "$DIR/out.$i" >&3
	[ "$i" = 100 ] || echo next >&3
done >"$DIR/ranges" 3>"$DIR/curls"
before=$(read_bytes)
ok "100 ranges of 10007 bytes are served" curl -sS --fail --no-progress-meter --parallel --parallel-max 30 --config "$DIR/curls"
at_most $(($(read_bytes) - before)) $((2 * 100 * 10007)) "at most twice the requested bytes are read from the disk"
is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "" <"$DIR/ranges")" "100 compared, 0 wrong" "all bodies are correct"
rm -f "$DIR"/out.*

before=$(read_bytes)
for i in {0..32}; do
	echo "big.bin $((i * 7900)) $((i * 7900 + 99))"
done >"$DIR/ranges"
get_ranges "33 ranges are served" 1
compare_ranges 33
at_most $(($(read_bytes) - before)) $((300 * 1024)) "33 ranges within one extent read little more than the extent"
at_least $(($(read_bytes) - before)) $((256 * 1024)) "the whole extent has been read"
before=$(read_bytes)
get_range 1000-250000 /big.bin
cmp_range big.bin 1000 250000
is $(($(read_bytes) - before)) 0 "the rest of the extent comes from the cache"
finish
