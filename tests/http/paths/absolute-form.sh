#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A request target in absolute form is served. Its authority takes precedence over the Host field.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged

for target in "http://$ADDRESS/a.bin" http://other.example/a.bin https://other.example:8443/a.bin HTTP://other/a.bin http://other/./a.bin?x=1; do
	ask "GET $target HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	is "$STATUS" 200 "$target is served"
	cmp_whole a.bin "the body is correct" "$DIR/1.body"
done
for target in http://other ftp://other/a.bin foo a.bin x:80 '?x' http:/a.bin http:///a.bin; do
	ask "GET $target HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	like "$STATUS" '^(400|404)$' "$target is rejected"
done
finish
