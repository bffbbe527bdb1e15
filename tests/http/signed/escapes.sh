#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The signature covers the decoded path. Any spelling of the URL and any name is accepted.
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
	is "$STATUS $(cat "$BODY")" "200 $name" "the name $(printf %q "$name") is served"
done
printf '/d/%s\0' "${names[@]}" | sign --null - >"$DIR/urls"
is "$(wc -l <"$DIR/urls")" ${#names[@]} "ranged-sign prints one line for each name, also for a name with a newline"
url=$(sign /plain.bin)
for way in /pl%61in.bin /%70%6C%61%69%6e%2Ebin /d/../plain.bin /./plain.bin //plain.bin /d/%2e%2e/plain.bin; do
	get "$way${url#/plain.bin}"
	is "$STATUS" 200 "$way is the same path"
done
get "/pl%2561in.bin${url#/plain.bin}"
is "$STATUS" 403 "a path that is escaped twice is another path"
ask "GET http://any.example$url HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n"
is "$STATUS" 200 "the absolute form is accepted"
finish
