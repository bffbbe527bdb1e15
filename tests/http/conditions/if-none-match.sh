#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If-None-Match uses the weak comparison, lists and *. The response to a match is 304.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
tag=$(etag_of "$ROOT/a.bin")

while IFS= read -r value; do
	get /a.bin -H "If-None-Match: $value"
	is "$STATUS" 304 "If-None-Match: $value matches"
	is "$(size_of "$BODY")" 0 "the 304 response has no body"
done <<-END
	$tag
	W/$tag
	*
	"x", $tag
	"x" ,,W/"y", W/$tag,"z"
	"a,b", $tag
END
while IFS= read -r value; do
	get /a.bin -H "If-None-Match: $value"
	is "$STATUS" 200 "If-None-Match: $value does not match"
done <<-END
	"x"
	W/"x", "y"
	w/$tag
	"x$tag"
	${tag//\"/}
	""
END
get /a.bin -H 'If-None-Match: "x"' -H "If-None-Match: $tag"
is "$STATUS" 304 "several If-None-Match fields are one list"
get /a.bin --head -H "If-None-Match: $tag"
is "$STATUS" 304 "HEAD: the status is 304"
finish
