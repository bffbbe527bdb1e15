#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A malformed Range header, or one with an unknown unit, is ignored.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
start_ranged

while IFS= read -r value; do
	get /a.bin -H "Range: $value"
	is "$STATUS" 200 "[$value]: the status is 200"
	[ "$(header Content-Range)" = "" ] || fail "[$value]: there is no Content-Range"
	cmp_whole a.bin "[$value]: the body is the whole file"
done <<-'END'
	bytes=5-4
	bytes=0-1,5-4
	bytes=abc
	bytes=0-1,x
	bytes=-
	bytes=--1
	bytes=1
	bytes=
	bytes=,
	bytes=0x0-1
	bytes=+0-1
	bytes=0-+1
	bytes=0-1;2-3
	bytes=0-1-2
	bytes=0.0-1
	bytes=0 0-1
	bytes=0-1 2-3
	bytes:0-1
	bytes
	0-1
	=0-1
	items=0-1
	byte=0-1
	bytess=0-1
	bytes=0-1 x
END
get /a.bin -H 'Range;'
is "$STATUS" 200 "an empty Range: the status is 200"
finish
