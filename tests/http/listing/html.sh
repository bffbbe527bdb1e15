#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# listing: a folder without an index is a page of links; nothing is listed unless it is said so.
. "$(dirname "$0")/../lib.sh"

make_file pub/a.bin 1234567 pub/deep/b.bin 10 pub/c.txt 1
make_text with/index.html index
config 'listing = true' 'location "/pub/deep/" { listing = false }'
start_ranged
get /pub/
is "$STATUS" 200 "a listing"
is "$(header Content-Type)" "text/html; charset=utf-8" "its type"
is "$(header Vary)" Accept "it depends on Accept"
is "$(header Cache-Control)" no-cache "it is asked for again each time"
like "$(header Content-Security-Policy)" "^default-src 'none'; style-src 'sha256-[^']*'; script-src 'sha256-" "nothing from elsewhere"
is "$(perl "$LIB/links.pl" html <"$BODY" | xargs)" "deep/ a.bin c.txt" "folders first, then files"
like "$(cat "$BODY")" '<title>Index of /pub/</title>' "the title that programs look for"
is "$(grep -o 'href="[^"#]*"' "$BODY" | grep -v 'href="data:' | xargs)" "href=../ href=deep/ href=a.bin href=c.txt" "no other link but that to the parent"
is "$(grep -c '<a ' "$BODY") $(grep -o '<a ' "$BODY" | wc -l)" "4 4" "a line each"
like "$(cat "$BODY")" $'<td title="1\xe2\x80\xaf234\xe2\x80\xaf567\xc2\xa0bytes">1.2\xc2\xa0MiB' "sizes for people, and to the byte" # narrow blanks
like "$(cat "$BODY")" '<time datetime="2020-02-02T02:02:02Z">2020-02-02 02:02</time>' "times"
is "$(grep -oE '(src|href)="?(https?:)?//' "$BODY")" "" "no resource from elsewhere"
get / -H 'Accept: text/html'
is "$(perl "$LIB/links.pl" html <"$BODY" | xargs)" "pub/ with/" "the root"
get /with/
is "$(cat "$BODY")" index "an index goes before"
get /pub/deep/
is "$STATUS" 404 "a block that says no"
get /pub
is "$STATUS $(header Location)" "301 pub/" "the way to the slash"
get /absent/
is "$STATUS" 404 "no folder"
get /pub/?offset=1\&limit=1
is "$(perl "$LIB/links.pl" html <"$BODY")" a.bin "a page of it"
like "$(cat "$BODY")" '<link rel="next" href="\?limit=1&amp;offset=2">.*value="1".*value="0">Previous<.*value="2">Next<' "and the ways to the others"
stop_ranged
rm "$DIR/ranged.conf"
start_ranged
get /pub/
is "$STATUS" 404 "nothing is listed by default"
finish
