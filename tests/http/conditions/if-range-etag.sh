#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If-Range with an entity tag: compared strong and byte by byte; anything else is the whole.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
tag=$(etag_of "$ROOT/a.bin")

get_range 5-14 /a.bin -H "If-Range: $tag"
is "$STATUS" 206 "the tag of the file"
cmp_range a.bin 5 14
get_range 20000- /a.bin -H "If-Range: $tag"
is "$STATUS" 416 "Range is then looked at as ever"
while IFS= read -r value; do
	get_range 5-14 /a.bin -H "If-Range: $value"
	is "$STATUS" 200 "If-Range: $value is the whole"
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
is "$STATUS" 200 "no 416 when If-Range does not match"
get /a.bin -H 'If-Range: "x"'
is "$STATUS" 200 "without Range it is of no account"
ask "GET /a.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nIf-Range: $tag\r\nIf-Range: $tag\r\nConnection: close\r\n\r\n"
like "$STATUS" '^200|400$' "two If-Range fields are never a part"
finish
