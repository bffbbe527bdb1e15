#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# wget mirrors a directory tree with one page per directory, again without changes, resumes a download, and follows the
# pages of a limited listing.
. "$(dirname "$0")/lib.sh"

need_client wget wget
make_tree 1200 $'new\nline' 'x%41y' # wget saves these names under other ones
make_file big.bin 5000000
mkdir "$ROOT/cut"
(cd "$ROOT/cut" && seq 25 | xargs touch)
serve 'location "/cut/" { listing_limit = 10 }'
cd "$DIR" || exit 1
ok "the tree is mirrored" wget -q -m -np -nH -P out "$URL/tree/"
mark_log
pages=$(($(find "$ROOT/tree" -type d | wc -l)))
is "$(asked '^GET /tree/([^ ]*/)? 200')" "$pages" "one page per directory is fetched"
is "$(asked '^GET [^ ]*\?')" 0 "no request has a query"
same_tree out/tree "wget -m"
: >"$DIR/access.log"
wget -q -m -np -nH -P out "$URL/tree/"
mark_log
is "$(asked '^GET /tree/many/f[0-9]+ 200')" 0 "the second mirror fetches no file"
head -c 1234567 "$ROOT/big.bin" >big.bin
ok "a download is resumed" wget -q -c "$URL/big.bin"
ok "the file is complete" cmp "$ROOT/big.bin" big.bin
ok "a limited listing is mirrored" wget -q -m -np -nH -P out "$URL/cut/"
is "$(find out/cut -type f ! -name 'index.html*' -printf x | wc -c)" 25 "all files of the limited listing are mirrored"
finish
