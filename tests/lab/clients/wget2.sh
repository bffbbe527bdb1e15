#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# wget2, which sends Accept-Encoding in each request, mirrors a tree, resumes a download, and gets a file that has a
# variant.
. "$(dirname "$0")/lib.sh"

need_client wget2 wget2
need_cmd gzip
make_tree 1200 $'new\nline' # version 2.2.0 ignores this name
make_file big.bin 5000000
perl -e 'print "line $_ of a file that can be compressed\n" for 1 .. 200000' >"$ROOT/coded.txt"
age "$ROOT/coded.txt"
gzip -k "$ROOT/coded.txt"
serve
cd "$DIR" || exit 1
ok "the tree is mirrored" wget2 -q -m -np -nH -P out "$URL/tree/"
mark_log
pages=$(($(find "$ROOT/tree" -type d | wc -l)))
is "$(asked '^GET /tree/([^ ]*/)? 200')" "$pages" "one page per directory is fetched"
same_tree out/tree "wget2 -m"
head -c 1234567 "$ROOT/big.bin" >big.bin
ok "a download is resumed" wget2 -q -c "$URL/big.bin"
ok "the resumed file is complete" cmp "$ROOT/big.bin" big.bin
ok "a file with a variant is fetched" wget2 -q "$URL/coded.txt"
ok "the file with a variant is correct" cmp "$ROOT/coded.txt" coded.txt
head -c 3000000 "$ROOT/coded.txt" >coded.txt
ok "a download of a file with a variant is resumed" wget2 -q -c "$URL/coded.txt"
ok "the resumed file with a variant is complete" cmp "$ROOT/coded.txt" coded.txt
finish
