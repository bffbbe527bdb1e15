#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Random small ranges of a large cold file cost little more than their bytes; where all of them fall on one place it is read whole.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current folder is on a tmpfs"
make_file big.bin 150000000
sync -f "$ROOT"
start_ranged --workers 1
RANDOM=99
for i in $(seq 400); do
	first=$(((RANDOM * 32768 + RANDOM) % 149000000))
	echo "big.bin $first $((first + 10006))"
	printf 'url = "%s/big.bin"\nrange = "%d-%d"\noutput = "%s"\n' "$URL" $first $((first + 10006)) "$DIR/out.$i" >&3
	[ "$i" = 400 ] || echo next >&3
done >"$DIR/ranges" 3>"$DIR/curls"
before=$(read_bytes)
ok "400 ranges of 10007 bytes" curl -sS --fail --no-progress-meter --parallel --parallel-max 30 --config "$DIR/curls"
at_most $(($(read_bytes) - before)) $((2 * 400 * 10007)) "bytes were read from the disk"
is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "" <"$DIR/ranges")" "400 looked at, 0 wrong" "all have the right bytes"
rm -f "$DIR"/out.*

before=$(read_bytes)
for i in $(seq 0 32); do
	get_range $((i * 7900))-$((i * 7900 + 99)) /big.bin
	cmp_range big.bin $((i * 7900)) $((i * 7900 + 99))
done
at_most $(($(read_bytes) - before)) $((300 * 1024)) "bytes for 33 pieces of one extent"
at_least $(($(read_bytes) - before)) $((256 * 1024)) "bytes: in the end it was read whole"
before=$(read_bytes)
get_range 1000-250000 /big.bin
cmp_range big.bin 1000 250000
is $(($(read_bytes) - before)) 0 "bytes for the rest of it"
finish
