#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# HEAD and conditional requests of a listing. Its entity tag depends on everything that it shows.
. "$(dirname "$0")/../lib.sh"

make_file d/a 10 d/b 20
make_file e/a 10
config 'listing = true' 'header = "X-All: 1"' 'location "/e/" { cache_control = "max-age=60" download = true }'
start_ranged
get /d/
tag=$(header ETag)
like "$tag" '^W/"[0-9a-f]{16}"$' "the tag is weak"
grep -vi '^date:\|^transfer-encoding:\|^connection:' "$HEAD" >"$DIR/get"
head_of /d/
is "$STATUS $(header ETag)" "200 $tag" "HEAD has the same tag"
is "$(grep -vi '^date:\|^transfer-encoding:\|^connection:' "$HEAD" | diff - "$DIR/get")" "" "HEAD has the same fields"
is "$(header_count Content-Length)" 0 "HEAD has no Content-Length, because the length is not known"
for sent in "$tag" "${tag#W/}" '*' "\"x\", $tag"; do
	get /d/ -H "If-None-Match: $sent"
	is "$STATUS $(header ETag) $(header Vary) $(header Cache-Control) $(header X-All)" "304 $tag Accept no-cache 1" \
		"If-None-Match: $sent matches"
	is "$(header_count Content-Length)$(header_count Transfer-Encoding)" 00 "a 304 response has no length"
done
get /d/ -H 'If-None-Match: "other"' -H 'Range: bytes=0-1'
is "$STATUS" 200 "another tag does not match, and Range is ignored"
get /d/ -H "If-Match: $tag"
is "$STATUS" 412 "If-Match needs a strong tag"
ask 'HEAD /d/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' -m HEAD
is "$STATUSES $(size_of "$DIR/reply")" "200 $(size_of "$DIR/1.head")" "nothing follows the header of a response to HEAD"
ask 'GET /d/ HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n' -m GET
is "$STATUSES $(tail -c 4 "$DIR/reply" | od -An -tx1 | xargs)" "304 0d 0a 0d 0a" \
	"nothing follows the header of a 304 response"
is "$(curl -sS -o "$BODY" -o "$BODY" -w '%{http_code} %{num_connects} ' "$URL/d/" "$URL/d/?format=json")" "200 1 200 0 " \
	"the connection remains open after a listing"
other_tag() { get "$1"; isnt "$(header ETag)" "$tag" "another tag: $2"; }
other_tag /d/?format=json JSON
other_tag /d/?sort=size "another order"
other_tag /d/?limit=1 "another limit"
touch -d '2021-01-01' "$ROOT/d/a"
other_tag /d/ "another mtime"
get /e/
is "$(header Cache-Control) $(header_count Cache-Control)" "max-age=60 1" "a configured Cache-Control is sent"
is "$(header_count Content-Disposition)" 0 "download does not apply to a directory"
finish
