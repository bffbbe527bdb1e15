#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A right signature that has expired is answered with 410. A wrong signature is answered with 403, so that the expiry is
# not revealed.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 d/y.bin 1000
make_keys 'one 0123456789abcdef'
config "sign_keys = \"$DIR/keys\""
control_clock
start_ranged
now=$(date +%s)
for e in 1 $((now - 100000)) $((now - 1)); do
	get "/x.bin?e=$e&k=one&s=$(code_of $e /x.bin)"
	is "$STATUS" 410 "a signature that expired $((now - e)) s ago is 410"
done
is "$(header Cache-Control)" private "the 410 response is private"
get "/x.bin?e=1&k=one&s=$(code_of 1 /y.bin)"
is "$STATUS" 403 "an expired wrong signature is 403"
get "/x.bin?e=1&k=one&p=/d&s=$(code_of 1 /d prefix)"
is "$STATUS" 403 "an expired signature of another prefix is 403"
get "/x.bin?e=1&k=one&a=192.0.2.1&s=$(code_of 1 /x.bin path 192.0.2.1)"
is "$STATUS" 403 "an expired signature for another address is 403"
e=999999999999
get "/x.bin?e=$e&k=one&s=$(code_of $e /x.bin)"
is "$STATUS" 200 "the latest possible expiry is accepted"
get "/x.bin?e=9$e&k=one&s=$(code_of 9$e /x.bin)"
is "$STATUS" 403 "a later expiry is rejected"
url=$(sign /d/y.bin --expires 60s)
get "$url"
is "$STATUS" 200 "the URL is valid before the expiry"
advance 61
get "$url"
is "$STATUS" 410 "the URL is expired after the expiry"
finish
