#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Content-Type depends on the extension of the file name. Text types have a charset. Contents are not sniffed.
. "$(dirname "$0")/../lib.sh"

types='page.html text/html; charset=utf-8
style.css text/css; charset=utf-8
notes.txt text/plain; charset=utf-8
table.csv text/csv; charset=utf-8
picture.png image/png
photo.jpg image/jpeg
drawing.svg image/svg+xml
data.json application/json
film.mp4 video/mp4
archive.zip application/zip
module.wasm application/wasm
UPPER.PNG image/png
two.dots.png image/png
odd.unheardof application/octet-stream
plain application/octet-stream
png application/octet-stream'
while read -r name type; do
	make_text "$name" content
done <<<"$types"
start_ranged

while read -r name type; do
	get "/$name"
	is "$(header Content-Type)" "$type" "$name is $type"
	[ "$(header X-Content-Type-Options)" = nosniff ] || fail "$name: the response has nosniff"
done <<<"$types"

get /page.html -H 'Range: bytes=0-1'
is "$(header Content-Type)" "text/html; charset=utf-8" "a range has the type of the file"
is "$(header X-Content-Type-Options)" nosniff "a range has nosniff"
get /absent
is "$(header X-Content-Type-Options)" nosniff "an error response has nosniff"
finish
