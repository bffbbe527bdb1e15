#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# 304 has the fields of 200 that a cache updates, no body, and a Content-Length that is true or none.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
tag=$(etag_of "$ROOT/a.bin")

get /a.bin
cp "$HEAD" "$DIR/whole.head"
get /a.bin -H "If-None-Match: $tag"
is "$STATUS" 304 "304"
for field in ETag Cache-Control Vary Content-Location Expires; do
	is "$(header $field)" "$(header $field "$DIR/whole.head")" "$field is that of 200"
done
ok "Date" header Date
length=$(header Content-Length)
is "${length:-10007}" 10007 "Content-Length, if any, is that of 200"
not_ok "no Content-Range" header Content-Range

request="GET /a.bin HTTP/1.1\r\nHost: x\r\nIf-None-Match: $tag\r\n"
ask "$request\r\n${request}Connection: close\r\n\r\n"
is "$STATUSES" "304 304" "no body: the next answer follows at once"
finish
