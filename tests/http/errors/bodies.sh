#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every error response has a small text body with its length and type.
. "$(dirname "$0")/../lib.sh"

make_file hello.bin 100
start_ranged

small_error() { # NAME
	local size
	size=$(size_of "$BODY")
	is "$(header Content-Length)" "$size" "$1: Content-Length is the size of the body"
	at_least "$size" 4 "$1: the body is not empty"
	at_most "$size" 1024 "$1: the body is small"
	like "$(header Content-Type)" '^text/(plain|html)' "$1: the body is text"
	like "$(cat "$BODY")" "$STATUS" "$1: the body names the status"
}

get /absent
is "$STATUS" 404 "the status is 404"
small_error 404
get /hello.bin -X DELETE
is "$STATUS" 405 "the status is 405"
small_error 405
get_range 100- /hello.bin
is "$STATUS" 416 "the status is 416"
small_error 416
get /hello.bin -H 'If-Match: "x"'
is "$STATUS" 412 "the status is 412"
small_error 412
get /%zz
is "$STATUS" 400 "the status is 400"
small_error 400
finish
