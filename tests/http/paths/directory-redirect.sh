#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A directory without a trailing slash is redirected with 301 and a relative Location that keeps the query.
. "$(dirname "$0")/../lib.sh"

make_text 'dir/sub/index.html' sub
make_text 'odd %41?#name/index.html' odd
make_text 'a:b/index.html' colon
start_ranged

for target in /dir/sub "/dir/sub?a=1&b=%2F?" /odd%20%2541%3F%23name /a:b //dir//sub /dir/./sub /dir/../dir/sub; do
	get "$target"
	is "$STATUS" 301 "$target is 301"
	location=$(header Location)
	[[ $location =~ ^([a-z]+:|//) ]] && fail "$target: Location is relative" "$location"
	get "$target" -L
	is "$STATUS" 200 "$target: $location is served"
done
get "/dir/sub?a=1&b=%2F?"
like "$(header Location)" '/\?a=1&b=%2F\?$' "the query is kept"
get /dir/sub --head
is "$STATUS" 301 "HEAD is redirected"
like "$(header Location)" 'sub/$' "the response to HEAD has Location"
get_range 0-9 /dir/sub
is "$STATUS" 301 "a range request is redirected"
finish
