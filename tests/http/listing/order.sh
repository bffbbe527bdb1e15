#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The parameters sort, order, limit and offset. Unknown values are ignored.
. "$(dirname "$0")/../lib.sh"

make_file d/f10 50 d/f9 40 d/F1 60 d/b 10 d/a 10 d/c 9
mkdir "$ROOT/d/y" "$ROOT/d/x"
touch -d '2021-01-01 UTC' "$ROOT/d/a" "$ROOT/d/y"
touch -d '2022-01-01 UTC' "$ROOT/d/x"
touch -d '1999-01-01 UTC' "$ROOT/d/f9"
config 'listing = true'
start_ranged
while read -r query expected; do
	for format in html json; do
		get "/d/?$query&format=$format"
		is "$(perl "$LIB/links.pl" $format <"$BODY" | sed 's/?.*//' | xargs)" "$expected" "$format: $query"
	done
done <<-'END'
	a=b x/ y/ a b c F1 f9 f10
	sort=name&order=desc y/ x/ f10 f9 F1 c b a
	sort=size x/ y/ c a b f9 f10 F1
	sort=size&order=desc x/ y/ F1 f10 f9 a b c
	sort=time y/ x/ f9 b c F1 f10 a
	sort=time&order=desc x/ y/ a b c F1 f10 f9
	limit=3 x/ y/ a
	limit=3&offset=2 a b c
	offset=6 f9 f10
	offset=100
	sort=size&order=desc&offset=2&limit=2 F1 f10
	sort=color&order=up&limit=none&offset=-1 x/ y/ a b c F1 f9 f10
	limit=0&sort=%73ize x/ y/ a b c F1 f9 f10
	order=desc&order=asc x/ y/ a b c F1 f9 f10
END
get "/d/?sort=size&order=desc"
like "$(cat "$BODY")" 'aria-sort="descending"><form><input type="hidden" name="sort" value="size"><button name="order" value="asc">Size' \
	"the sorted column shows its direction and offers the other one"
like "$(cat "$BODY")" '<a href="x/\?sort=size&amp;order=desc">' "links to directories keep the order"
finish
