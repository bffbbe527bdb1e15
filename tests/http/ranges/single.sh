#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A single range is answered with 206, Content-Range and exactly its bytes.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100003
start_ranged

while read -r asked first last; do
	get_range "$asked" /a.bin
	is "$STATUS" 206 "$asked: the status is 206"
	is "$(header Content-Range)" "bytes $first-$last/100003" "$asked: Content-Range is correct"
	is "$(header Content-Length)" $((last - first + 1)) "$asked: Content-Length is correct"
	cmp_range a.bin "$first" "$last" "$asked: the body is correct"
done <<-'END'
	0-0 0 0
	0-99 0 99
	511-512 511 512
	4095-4096 4095 4096
	12345-67890 12345 67890
	100002-100002 100002 100002
	99999- 99999 100002
	0-100002 0 100002
	007-0008 7 8
END
is "$(header Accept-Ranges)" bytes "a 206 response has Accept-Ranges"
is "$(header ETag)" "$(etag_of "$ROOT/a.bin")" "a 206 response has the ETag of the file"
is "$(header Last-Modified)" "$(http_date "$ROOT/a.bin")" "a 206 response has the Last-Modified of the file"
is "$(header Content-Type)" application/octet-stream "a 206 response has the Content-Type of the file"
finish
