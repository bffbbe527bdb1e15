#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An entity tag in If-Range uses the strong comparison. If the tag does not match, the response is the whole file.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
tag=$(etag_of "$ROOT/a.bin")

get_range 5-14 /a.bin -H "If-Range: $tag"
is "$STATUS" 206 "the tag of the file: the status is 206"
cmp_range a.bin 5 14
get_range 20000- /a.bin -H "If-Range: $tag"
is "$STATUS" 416 "a matching tag and an unsatisfiable range: the status is 416"
while IFS= read -r value; do
	get_range 5-14 /a.bin -H "If-Range: $value"
	is "$STATUS" 200 "If-Range: $value does not match"
	cmp_whole a.bin
done <<-END
	"x"
	W/$tag
	${tag//\"/}
	$tag, $tag
	"x", $tag
	*
	nonsense
END
get_range 20000- /a.bin -H 'If-Range: "x"'
is "$STATUS" 200 "a tag that does not match and an unsatisfiable range: the status is 200"
get /a.bin -H 'If-Range: "x"'
is "$STATUS" 200 "If-Range is ignored if there is no Range"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nIf-Range: $tag\r\nIf-Range: $tag\r\nConnection: close\r\n\r\n"
like "$STATUS" '^200|400$' "two If-Range fields: the response is not partial"
finish
