#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A 304 response has no body. It has the header fields of a 200 response that a cache updates. Content-Length, if
# present, is that of the 200 response.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged
tag=$(etag_of "$ROOT/a.bin")

get /a.bin
cp "$HEAD" "$DIR/whole.head"
get /a.bin -H "If-None-Match: $tag"
is "$STATUS" 304 "the status is 304"
for field in ETag Cache-Control Vary Content-Location Expires; do
	is "$(header $field)" "$(header $field "$DIR/whole.head")" "$field is that of the 200 response"
done
ok "the response has Date" header Date
length=$(header Content-Length)
is "${length:-10007}" 10007 "Content-Length, if present, is that of the 200 response"
not_ok "there is no Content-Range" header Content-Range

request="GET /a.bin HTTP/1.1\r\nHost: x\r\nIf-None-Match: $tag\r\n"
ask "$request\r\n${request}Connection: close\r\n\r\n"
is "$STATUSES" "304 304" "there is no body between two responses"
finish
