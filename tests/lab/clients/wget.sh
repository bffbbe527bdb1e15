#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# wget mirrors a tree, one page a folder; again, and it takes nothing; what was cut off is resumed; a page that is cut is followed.
. "$(dirname "$0")/lib.sh"

need_client wget wget
make_tree 1200 $'new\nline' 'x%41y' # which it saves under other names
make_file big.bin 5000000
mkdir "$ROOT/cut"
(cd "$ROOT/cut" && seq 25 | xargs touch)
serve 'location "/cut/" { listing_limit = 10 }'
cd "$DIR" || exit 1
ok "wget -m" wget -q -m -np -nH -P out "$URL/tree/"
mark_log
pages=$(($(find "$ROOT/tree" -type d | wc -l)))
is "$(asked '^GET /tree/([^ ]*/)? 200')" "$pages" "a page for each folder"
is "$(asked '^GET [^ ]*\?')" 0 "no query"
same_tree out/tree "wget -m"
: >"$DIR/access.log"
wget -q -m -np -nH -P out "$URL/tree/"
mark_log
is "$(asked '^GET /tree/many/f[0-9]+ 200')" 0 "again: no file is sent"
head -c 1234567 "$ROOT/big.bin" >big.bin
ok "wget -c" wget -q -c "$URL/big.bin"
ok "has the file" cmp "$ROOT/big.bin" big.bin
ok "wget -m of a page that is cut" wget -q -m -np -nH -P out "$URL/cut/"
is "$(find out/cut -type f ! -name 'index.html*' -printf x | wc -c)" 25 "sees all of it"
finish
