#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If-Match uses the strong comparison, lists and *. A false condition is answered with 412.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
tag=$(etag_of "$ROOT/a.bin")

while IFS= read -r value; do
	get /a.bin -H "If-Match: $value"
	is "$STATUS" 200 "If-Match: $value is true"
done <<-END
	$tag
	*
	"x", $tag
	$tag,"x"
	"a,b" ,, $tag
	W/$tag, $tag
END
cmp_whole a.bin
while IFS= read -r value; do
	get /a.bin -H "If-Match: $value"
	is "$STATUS" 412 "If-Match: $value is false"
done <<-END
	"x"
	"x", "y"
	W/$tag
	"${tag//\"/}x"
	"x$tag"
	${tag//\"/}
	""
END
get /a.bin -H 'If-Match: "x"' -H "If-Match: $tag"
is "$STATUS" 200 "several If-Match fields are one list"
get /absent -H 'If-Match: "x"'
is "$STATUS" 404 "a missing file is answered with 404, not 412"
finish
