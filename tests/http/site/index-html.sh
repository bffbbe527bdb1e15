#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A directory with a trailing slash is its index.html; without one it is 404.
. "$(dirname "$0")/../lib.sh"

make_text site/index.html '<h1>site</h1>'
mkdir "$ROOT/bare"
control_clock
start_ranged

get /site/
is "$STATUS" 200 "a directory with an index"
cmp_whole site/index.html "the index"
is "$(header Content-Type)" "text/html; charset=utf-8" "its type"
is "$(header ETag)" "$(etag_of "$ROOT/site/index.html")" "its tag"
get_range 0-3 /site/
is "$STATUS" 206 "a range of it"
get /bare/
is "$STATUS" 404 "a directory without"
get /
is "$STATUS" 404 "the root without"
make_text index.html root
advance 2
get /
is "$STATUS" 200 "the root with one"
finish
