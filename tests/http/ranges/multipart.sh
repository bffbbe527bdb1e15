#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Several ranges are answered with multipart/byteranges. The framing and Content-Length are exact.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100003
make_text page.html "$(seq 10000)"
start_ranged

get_whole_head /a.bin
for list in "0-0,5000-5000" "0-99,10000-10099,50000-50099" "1-4096,20001-30000,-1" "90000-,0-9" "100002-100002,0-0,50000-50000"; do
	get_range "$list" /a.bin
	case $list in
	*,-1) ranges="1-4096,20001-30000,100002-100002" ;;
	90000-,*) ranges="90000-100002,0-9" ;;
	*) ranges=$list ;;
	esac
	IFS=, read -ra ranges <<<"$ranges"
	is_multipart a.bin "${ranges[@]}"
done
is "$(header Accept-Ranges)" bytes "the response has Accept-Ranges"
is "$(header ETag)" "$(etag_of "$ROOT/a.bin")" "the response has the ETag of the file"
is "$(header Last-Modified)" "$(http_date "$ROOT/a.bin")" "the response has the Last-Modified of the file"
not_ok "only the parts have Content-Range" header Content-Range

get_whole_head /page.html
get_range 0-9,20000-20009 /page.html
is_multipart page.html 0-9 20000-20009
finish
