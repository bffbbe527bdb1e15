#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A path with %00 or an invalid escape is answered with 400.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
make_text 'a%zz' x
start_ranged

for target in /a.bin%00 /%00 /a%00.bin /a.bin%00.txt /%zz /a%zz /% /a.bin% /a.bin%4 /%4 /%g0 /%0g '/%%41' /%-1 '/%+1' '/% 1'; do
	ask "GET ${target//%/%%} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	is "$STATUS" 400 "$target is 400"
done
get '/a.bin?%zz%00'
is "$STATUS" 200 "the query is not decoded"
finish
