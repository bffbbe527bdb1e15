#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Request headers on which servers disagree, each followed by another request, and unusual valid headers. heads.txt
# contains the expected responses.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100 b.bin 20
mkdir "$ROOT/dir"
config 'listing = true'
start_ranged
heads=$LIB/../fuzz/corpus/head

perl "$LIB/heads.pl" "$ADDRESS" "$heads"/* >"$DIR/got"
case $("$RANGED" --version) in *'libmicrohttpd 0.'*) column=2 ;; *) column=3 ;; esac
awk -F ' *[|] *' -v column=$column '/^[^#]/ { print $1, $column == "" ? $2 : $column }' "$LIB/heads.txt" >"$DIR/expected"
is "$(wc -l <"$DIR/got")" "$(find "$heads" -type f | wc -l)" "each header was sent"
is "$(diff "$DIR/expected" "$DIR/got" | grep '^[<>]')" "" "each header has the expected responses"
is "$(grep -c memory "$DIR/error.log")" 0 "no header exhausts the memory of a connection"
is "$(grep -c ' error: ' "$DIR/error.log")" 0 "no header causes an error message"
not_ok "no response is malformed or aborted" grep -E ' (junk|more|cut|open)( |\$)' "$DIR/got"
finish
