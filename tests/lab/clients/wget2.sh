#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# wget2, which says Accept-Encoding with each request, mirrors a tree, resumes, and has the file where a coded one lies beside it.
. "$(dirname "$0")/lib.sh"

need_client wget2 wget2
need_cmd gzip
make_tree 1200 $'new\nline' # which 2.2.0 leaves out
make_file big.bin 5000000
perl -e 'print "line $_ of a file that can be compressed\n" for 1 .. 200000' >"$ROOT/coded.txt"
age "$ROOT/coded.txt"
gzip -k "$ROOT/coded.txt"
serve
cd "$DIR" || exit 1
ok "wget2 -m" wget2 -q -m -np -nH -P out "$URL/tree/"
mark_log
pages=$(($(find "$ROOT/tree" -type d | wc -l)))
is "$(asked '^GET /tree/([^ ]*/)? 200')" "$pages" "a page for each folder"
same_tree out/tree "wget2 -m"
head -c 1234567 "$ROOT/big.bin" >big.bin
ok "wget2 -c" wget2 -q -c "$URL/big.bin"
ok "has the file" cmp "$ROOT/big.bin" big.bin
ok "wget2 of a file with a coded one" wget2 -q "$URL/coded.txt"
ok "has the file" cmp "$ROOT/coded.txt" coded.txt
head -c 3000000 "$ROOT/coded.txt" >coded.txt
ok "wget2 -c of that" wget2 -q -c "$URL/coded.txt"
ok "has the file" cmp "$ROOT/coded.txt" coded.txt
finish
