#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# listing = true: a directory without an index is served as an HTML page of links. The default is false.
. "$(dirname "$0")/../lib.sh"

make_file pub/a.bin 1234567 pub/deep/b.bin 10 pub/c.txt 1
make_text with/index.html index
config 'listing = true' 'location "/pub/deep/" { listing = false }'
start_ranged
get /pub/
is "$STATUS" 200 "a directory is listed"
is "$(header Content-Type)" "text/html; charset=utf-8" "the listing is HTML"
is "$(header Vary)" Accept "the listing varies by Accept"
is "$(header Cache-Control)" no-cache "the listing must be revalidated"
like "$(header Content-Security-Policy)" "^default-src 'none'; style-src 'sha256-[^']*'; script-src 'sha256-" \
	"the content security policy allows only the inline style and script"
is "$(perl "$LIB/links.pl" html <"$BODY" | xargs)" "deep/ a.bin c.txt" "directories come before files"
like "$(cat "$BODY")" '<title>Index of /pub/</title>' "the title is the one that other programs look for"
is "$(grep -o 'href="[^"#]*"' "$BODY" | grep -v 'href="data:' | xargs)" "href=../ href=deep/ href=a.bin href=c.txt" \
	"the only other link is that to the parent"
is "$(grep -c '<a ' "$BODY") $(grep -o '<a ' "$BODY" | wc -l)" "4 4" "each line has one link"
like "$(cat "$BODY")" $'<td title="1\xe2\x80\xaf234\xe2\x80\xaf567\xc2\xa0bytes">1.2\xc2\xa0MiB' "sizes are shown in units and in bytes" # with narrow blanks
like "$(cat "$BODY")" '<time datetime="2020-02-02T02:02:02Z">2020-02-02 02:02</time>' "times are shown"
is "$(grep -oE '(src|href)="?(https?:)?//' "$BODY")" "" "the page loads no other resources"
get / -H 'Accept: text/html'
is "$(perl "$LIB/links.pl" html <"$BODY" | xargs)" "pub/ with/" "the root is listed"
get /with/
is "$(cat "$BODY")" index "an index takes precedence over the listing"
get /pub/deep/
is "$STATUS" 404 "a location can switch the listing off"
get /pub
is "$STATUS $(header Location)" "301 pub/" "a directory without a slash is redirected"
get /absent/
is "$STATUS" 404 "a missing directory is 404"
get /pub/?offset=1\&limit=1
is "$(perl "$LIB/links.pl" html <"$BODY")" a.bin "a limited page is sent"
like "$(cat "$BODY")" '<link rel="next" href="\?limit=1&amp;offset=2">.*value="1".*value="0">Previous<.*value="2">Next<' \
	"a limited page has links to the other pages"
stop_ranged
rm "$DIR/ranged.conf"
start_ranged
get /pub/
is "$STATUS" 404 "by default a directory is not listed"
finish
