#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every response for a path that has variants has Vary: Accept-Encoding, whichever variant is sent. Other responses do
# not. Error responses may also have Vary: Accept.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000 plain.js 20000 cors/a.js 20000
make_variants a.js.gz cors/a.js.gz
config 'location "/cors/" { cors = "https://a.example" }'
start_ranged
varies() { # NAME STATUS CURL-OPTION...
	get /a.js "${@:3}"
	like "$STATUS $(header Vary)" "^$2 (Accept, )?Accept-Encoding$" "$1"
	is "$(header_count Vary)" 1 "the response has one Vary field"
}
both() { # NAME STATUS CURL-OPTION...
	varies "$1, without a coding" "${@:2}"
	varies "$1, gzip" "${@:2}" -H 'Accept-Encoding: gzip'
}
for i in 1 2 3; do both "200, time $i" 200; done
both HEAD 200 --head
both 206 206 -H 'Range: bytes=10-19'
both "two ranges" 206 -H 'Range: bytes=0-9,4990-4999'
both 416 416 -H 'Range: bytes=50000-'
both 304 304 -H 'If-None-Match: *'
both 412 412 -H 'If-Match: "other"'
varies "no acceptable coding" 406 -H 'Accept-Encoding: identity;q=0'
for path in /plain.js /a.js.gz; do
	get $path -H 'Accept-Encoding: gzip, br'
	is "$STATUS $(header_count Vary) $(header_count Content-Encoding)" "200 0 0" "$path does not vary"
done
get /absent.js -H 'Accept-Encoding: gzip'
is "$STATUS $(header_count Content-Encoding)" "404 0" "a missing file does not vary"
get /cors/a.js -H 'Accept-Encoding: gzip' -H 'Origin: https://a.example'
is "$(header Vary)" "Accept-Encoding, Origin" "one Vary field lists all that the response depends on"
finish
