#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A file is answered with 200, its bytes, and the header fields that caches need.
. "$(dirname "$0")/../lib.sh"

make_file hello.bin 10007
start_ranged

get /hello.bin
is "$STATUS" 200 "the status is 200"
cmp_whole hello.bin
is "$(header Content-Length)" 10007 "Content-Length is the size of the file"
is "$(header Accept-Ranges)" bytes "the response has Accept-Ranges"
is "$(header Last-Modified)" "$(http_date "$ROOT/hello.bin")" "Last-Modified is the mtime of the file"
is "$(header ETag)" "$(etag_of "$ROOT/hello.bin")" "ETag is that of the file"
like "$(head -n 1 "$HEAD")" '^HTTP/1\.1 200 OK' "the status line is correct"

like "$(header Date)" '^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] [A-Z][a-z]{2} 20[0-9]{2} [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT$' \
	"Date is an IMF-fixdate"
now=$(date +%s) date=$(date -d "$(header Date)" +%s)
at_most $((now - date)) "$(seconds 5)" "Date is the current time"
for field in Date Content-Length Content-Type ETag Last-Modified Accept-Ranges; do
	is "$(header_count $field)" 1 "the response has one field $field"
done

get /hello.bin?version=2
is "$STATUS" 200 "the query is not part of the file name"
cmp_whole hello.bin "the response to a request with a query is the file"
finish
