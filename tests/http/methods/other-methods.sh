#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A known method that is not supported is answered with 405 and Allow, an unknown method with 501. The file does not
# change.
. "$(dirname "$0")/../lib.sh"

make_file hello.bin 100
cp "$ROOT/hello.bin" "$DIR/before"
start_ranged

for method in POST PUT DELETE PATCH TRACE; do
	get /hello.bin -X $method
	is "$STATUS" 405 "$method: the status is 405"
	is "$(header Allow)" "GET, HEAD, OPTIONS" "$method: the response has Allow"
done
get /hello.bin -X PUT --data-binary other
is "$STATUS" 405 "PUT with a body: the status is 405"
ok "the file has not changed" cmp "$DIR/before" "$ROOT/hello.bin"

for method in BREW get Get G@T GETT 'GE;T'; do
	ask "$method /hello.bin HTTP/1.1\r\nHost: x\r\n\r\n"
	is "$STATUS" 501 "$method: the status is 501"
done
get /hello.bin
is "$STATUS" 200 "GET is served"
finish
