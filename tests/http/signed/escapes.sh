#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is signed is the path as it is on the disk: however it is escaped in the URL, and whatever is in the name.
. "$(dirname "$0")/../lib.sh"

names=('a b.bin' '100%.bin' 'a?b#c.bin' 'ä€𝄞.bin' 'a+b&c=d;e.bin' "it's \"q\".bin" 'new
line.bin' $'\xff\x01.bin' 'back\slash.bin' 's=1&p=2.bin')
for name in "${names[@]}"; do make_text "d/$name" "$name"; done
make_text plain.bin plain
make_keys 'one 0123456789abcdef'
config "sign_keys = \"$DIR/keys\""
start_ranged
for name in "${names[@]}"; do
	get "$(sign "/d/$name")"
	is "$STATUS $(cat "$BODY")" "200 $name" "$(printf %q "$name")"
done
printf '/d/%s\0' "${names[@]}" | sign --null - >"$DIR/urls"
is "$(wc -l <"$DIR/urls")" ${#names[@]} "one line for each name, also with a newline in it"
url=$(sign /plain.bin)
for way in /pl%61in.bin /%70%6C%61%69%6e%2Ebin /d/../plain.bin /./plain.bin //plain.bin /d/%2e%2e/plain.bin; do
	get "$way${url#/plain.bin}"
	is "$STATUS" 200 "$way is the same path"
done
get "/pl%2561in.bin${url#/plain.bin}"
is "$STATUS" 403 "what is escaped twice is another one"
ask "GET http://any.example$url HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n"
is "$STATUS" 200 "absolute form"
finish
