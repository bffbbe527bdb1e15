#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Paths are decoded once. A name may contain any byte except NUL and slash.
. "$(dirname "$0")/../lib.sh"

make_text 'with space.txt' space
make_text 'plus+sign.txt' plus
make_text 'per%41cent.txt' percent
make_text 'question?mark.txt' question
make_text 'hash#tag.txt' hash
make_text $'caf\xc3\xa9.txt' utf8
make_text $'raw\xff\x01.txt' raw
make_text "a&b=c;d'e\"f.txt" punctuation
make_text 'back\slash.txt' backslash
make_text A.txt letter
start_ranged

while read -r target content; do
	get "$target"
	is "$STATUS $(cat "$BODY")" "200 $content" "$target is served"
done <<-'END'
	/with%20space.txt space
	/plus+sign.txt plus
	/plus%2Bsign.txt plus
	/per%2541cent.txt percent
	/question%3Fmark.txt question
	/question%3fmark.txt question
	/hash%23tag.txt hash
	/caf%C3%A9.txt utf8
	/caf%c3%a9.txt utf8
	/raw%FF%01.txt raw
	/a&b=c;d'e%22f.txt punctuation
	/back%5Cslash.txt backslash
	/%41.txt letter
	/A%2Etxt letter
END
get /with+space.txt
is "$STATUS" 404 "+ is not a blank"
get /perAcent.txt
is "$STATUS" 404 "an escape is decoded only once"
get /%2541.txt
is "$STATUS" 404 "%25 is not decoded twice"
finish
