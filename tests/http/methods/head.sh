#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The response to HEAD has exactly the header fields of GET, and no body.
. "$(dirname "$0")/../lib.sh"

make_file hello.bin 10007 empty 0
start_ranged

# The header fields of a response as sorted lines, without Date.
fields() { tr -d '\r' <"$1" | grep -v '^Date:' | sort; }

for path in /hello.bin /empty /absent; do
	get $path
	fields "$HEAD" >"$DIR/get"
	ask "HEAD $path HTTP/1.1\r\nHost: x\r\n\r\nGET /hello.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" -m HEAD,GET
	is "$STATUSES" "$(awk 'NR == 1 { print $2 }' "$HEAD") 200" \
		"HEAD $path has the status of GET, and no body before the next response"
	fields "$DIR/1.head" >"$DIR/head.fields"
	ok "HEAD $path has the header fields of GET" diff "$DIR/get" "$DIR/head.fields"
	cmp_whole hello.bin "the next response is complete" "$DIR/2.body"
done
finish
