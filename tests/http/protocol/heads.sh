#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Heads that servers disagree about, with a request behind each, and heads that break no rule: each has the answers that heads.txt says.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100 b.bin 20
mkdir "$ROOT/dir"
config 'listing = true'
start_ranged
heads=$LIB/../fuzz/corpus/head

perl "$LIB/heads.pl" "$ADDRESS" "$heads"/* >"$DIR/got"
case $("$RANGED" --version) in *'libmicrohttpd 0.'*) column=2 ;; *) column=3 ;; esac
awk -F ' *[|] *' -v column=$column '/^[^#]/ { print $1, $column == "" ? $2 : $column }' "$LIB/heads.txt" >"$DIR/expected"
is "$(wc -l <"$DIR/got")" "$(find "$heads" -type f | wc -l)" "each head was sent"
is "$(diff "$DIR/expected" "$DIR/got" | grep '^[<>]')" "" "each has its answers"
is "$(grep -c memory "$DIR/error.log")" 0 "none of them is a lack of memory"
is "$(grep -c ' error: ' "$DIR/error.log")" 0 "nor an error"
not_ok "nothing is junk" grep -E ' (junk|more|cut|open)( |\$)' "$DIR/got"
finish
