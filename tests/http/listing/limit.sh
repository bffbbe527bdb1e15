#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# listing_limit is the number of entries of a page. A limited page has a link to the next one in HTML, Link and JSON.
# All pages together are the complete listing.
. "$(dirname "$0")/../lib.sh"

mkdir "$ROOT/d" "$ROOT/e" "$ROOT/big"
(cd "$ROOT/d" && seq 25 | xargs touch && mkdir sub)
(cd "$ROOT/big" && seq 10001 | xargs touch)
ln -s d "$ROOT/all"
config 'listing = true' 'location "/d/" { listing_limit = 10 }' 'location "/all/" { listing_limit = 0 }'
start_ranged
names() { perl "$LIB/links.pl" "${1:-html}" <"$BODY"; }
get /big/
is "$(names | wc -l) $(header Link)" '10000 <?offset=10000>; rel="next"' "the default limit is 10,000"
get "/big/?offset=10000"
is "$(names) $(header_count Link)" "10001 0" "the second page has the other entries"
rm "$ROOT/big/10001"
get /big/
is "$(names | wc -l) $(header_count Link) $(grep -c 'rel="next"' "$BODY")" "10000 0 0" \
	"a listing with exactly 10,000 entries has no next page"
get "/big/?format=json"
is "$(grep -o '"href":' "$BODY" | wc -l) $(header_count Link) $(grep -c '"next"' "$BODY")" "10000 0 0" "JSON has all entries"
get /all/
is "$(names | wc -l) $(header_count Link)" "26 0" "0 means no limit"
get /all/?limit=25
is "$(names | wc -l) $(header Link)" '25 <?limit=25&offset=25>; rel="next"' "?limit= takes precedence over the key"

# URL [FORMAT]: writes the entries of this page and of all pages to which Link leads.
walk() {
	local at=$1 link body
	while [ -n "$at" ]; do
		get "$at"
		names "${2:-html}" >>"$DIR/walk"
		link=$(header Link)
		IFS= read -rd '' body <"$BODY"
		at=
		[[ ! $link =~ ^'<'([^'>']*)'>; rel="next"'$ ]] || at=/d/${BASH_REMATCH[1]}
		if [[ $body =~ (<link rel=\"next\" href=|\"next\":)\" ]]; then [ -n "$link" ]; else [ -z "$link" ]; fi || fail "the page and Link agree" "$at"
	done
}
expected=$(cd "$ROOT/d" && { printf '%s\n' *[0-9]; printf '%s/\n' sub; } | sort)
for query in "" "?sort=time&order=desc" "?limit=5" "?limit=26"; do
	: >"$DIR/walk"
	walk "/d/$query"
	is "$(sed 's/?.*//' "$DIR/walk" | sort)" "$expected" "all pages together are complete: /d/$query"
done
: >"$DIR/walk"
walk "/d/?format=json&limit=7" json
is "$(sort "$DIR/walk")" "$expected" "all JSON pages together are complete"
head_of /d/
is "$(header Link)" '<?offset=10>; rel="next"' "HEAD has Link"
# libmicrohttpd sends no chunk after a response to HEAD. From version 1.0 on the connection is kept as for GET.
last="GET /e/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
for version in 1.1 1.0; do
	ask "HEAD /d/ HTTP/$version\r\nHost: x\r\n\r\n$last" -m HEAD,GET
	expected=200
	[ $version = 1.0 ] || ! since_mhd_1 || expected="200 200"
	is "$STATUSES" "$expected" "HEAD in HTTP/$version and the next request are answered"
done
get /d/?offset=26
is "$STATUS $(names | wc -l) $(header_count Link)" "200 0 0" "an offset beyond the end is an empty page"
get /e/
is "$STATUS $(header_count Link) $(grep -c 'This folder is empty' "$BODY")" "200 0 1" \
	"an empty directory has no next page"
get "/d/?format=json&limit=5&offset=20"
like "$(cat "$BODY")" '"offset":20,"next":"\?format=json&limit=5&offset=25","entries"' "the next page is in the JSON"
finish
