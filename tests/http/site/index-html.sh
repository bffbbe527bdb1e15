#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A directory with a trailing slash is served as its index.html, or 404 if there is none.
. "$(dirname "$0")/../lib.sh"

make_text site/index.html '<h1>site</h1>'
mkdir "$ROOT/bare"
control_clock
start_ranged

get /site/
is "$STATUS" 200 "a directory with an index is served"
cmp_whole site/index.html "the body is the index"
is "$(header Content-Type)" "text/html; charset=utf-8" "the content type is that of the index"
is "$(header ETag)" "$(etag_of "$ROOT/site/index.html")" "the tag is that of the index"
get_range 0-3 /site/
is "$STATUS" 206 "a range of the index is served"
get /bare/
is "$STATUS" 404 "a directory without an index is 404"
get /
is "$STATUS" 404 "the root without an index is 404"
make_text index.html root
advance 2
get /
is "$STATUS" 200 "the root with an index is served"
finish
