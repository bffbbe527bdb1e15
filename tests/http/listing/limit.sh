#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# listing_limit: how many entries a page has; a cut one says so in the page, in Link and in JSON, and pages together are the whole.
. "$(dirname "$0")/../lib.sh"

mkdir "$ROOT/d" "$ROOT/e" "$ROOT/big"
(cd "$ROOT/d" && seq 25 | xargs touch && mkdir sub)
(cd "$ROOT/big" && seq 10001 | xargs touch)
ln -s d "$ROOT/all"
config 'listing = true' 'location "/d/" { listing_limit = 10 }' 'location "/all/" { listing_limit = 0 }'
start_ranged
names() { perl "$LIB/links.pl" "${1:-html}" <"$BODY"; }
get /big/
is "$(names | wc -l) $(header Link)" '10000 <?offset=10000>; rel="next"' "10,000 by default"
get "/big/?offset=10000"
is "$(names) $(header_count Link)" "10001 0" "and the rest"
rm "$ROOT/big/10001"
get /big/
is "$(names | wc -l) $(header_count Link) $(grep -c 'rel="next"' "$BODY")" "10000 0 0" "which is then complete, and says nothing"
get "/big/?format=json"
is "$(names json | wc -l) $(header_count Link) $(grep -c '"next"' "$BODY")" "10000 0 0" "JSON has all"
get /all/
is "$(names | wc -l) $(header_count Link)" "26 0" "0: no limit"
get /all/?limit=25
is "$(names | wc -l) $(header Link)" '25 <?limit=25&offset=25>; rel="next"' "?limit= goes before the key"

# URL [FORMAT]: all that it and what Link says come to.
walk() {
	local at=$1
	while [ -n "$at" ]; do
		get "$at"
		names "${2:-html}" >>"$DIR/walk"
		at=$(header Link | sed -nE 's/^<([^>]*)>; rel="next"$/\1/p')
		[ "$(grep -cE '(<link rel="next" href=|"next":)"' "$BODY")" = "$(header_count Link)" ] || fail "the page says the same as Link" "$at"
		at=${at:+/d/$at}
	done
}
expected=$(cd "$ROOT/d" && { printf '%s\n' *[0-9]; printf '%s/\n' sub; } | sort)
for query in "" "?sort=time&order=desc" "?limit=5" "?limit=26"; do
	: >"$DIR/walk"
	walk "/d/$query"
	is "$(sed 's/?.*//' "$DIR/walk" | sort)" "$expected" "page after page: /d/$query"
done
: >"$DIR/walk"
walk "/d/?format=json&limit=7" json
is "$(sort "$DIR/walk")" "$expected" "the same in JSON"
head_of /d/
is "$(header Link)" '<?offset=10>; rel="next"' "HEAD, too"
# The library sends no chunk behind the fields, and from version 1.0 on the connection is kept as for GET.
last="GET /e/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
for version in 1.1 1.0; do
	ask "HEAD /d/ HTTP/$version\r\nHost: x\r\n\r\n$last" -m HEAD,GET
	expected=200
	[ $version = 1.0 ] || ! since_mhd_1 || expected="200 200"
	is "$STATUSES" "$expected" "HEAD in HTTP/$version, and what follows it"
done
get /d/?offset=26
is "$STATUS $(names | wc -l) $(header_count Link)" "200 0 0" "behind the end"
get /e/
is "$STATUS $(header_count Link) $(grep -c 'This folder is empty' "$BODY")" "200 0 1" "an empty folder"
get "/d/?format=json&limit=5&offset=20"
like "$(cat "$BODY")" '"offset":20,"next":"\?format=json&limit=5&offset=25","entries"' "next in JSON"
finish
