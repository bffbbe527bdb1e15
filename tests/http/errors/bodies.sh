#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every error has a small body of text, with its length and type.
. "$(dirname "$0")/../lib.sh"

make_file hello.bin 100
start_ranged

small_error() { # NAME
	local size
	size=$(size_of "$BODY")
	is "$(header Content-Length)" "$size" "$1: Content-Length"
	at_least "$size" 4 "$1: there is a body"
	at_most "$size" 1024 "$1: and it is small"
	like "$(header Content-Type)" '^text/(plain|html)' "$1: it is text"
	like "$(cat "$BODY")" "$STATUS" "$1: it says the status"
}

get /absent
is "$STATUS" 404 "404"
small_error 404
get /hello.bin -X DELETE
is "$STATUS" 405 "405"
small_error 405
get_range 100- /hello.bin
is "$STATUS" 416 "416"
small_error 416
get /hello.bin -H 'If-Match: "x"'
is "$STATUS" 412 "412"
small_error 412
get /%zz
is "$STATUS" 400 "400"
small_error 400
finish
