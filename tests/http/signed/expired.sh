#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A signature that has expired is 410, if it was right; else nobody is told when it would have.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 d/y.bin 1000
make_keys 'one 0123456789abcdef'
config "sign_keys = \"$DIR/keys\""
control_clock
start_ranged
now=$(date +%s)
for e in 1 $((now - 100000)) $((now - 1)); do
	get "/x.bin?e=$e&k=one&s=$(code_of $e /x.bin)"
	is "$STATUS" 410 "expired $((now - e)) s ago"
done
is "$(header Cache-Control)" private "which no cache keeps"
get "/x.bin?e=1&k=one&s=$(code_of 1 /y.bin)"
is "$STATUS" 403 "expired, and wrong"
get "/x.bin?e=1&k=one&p=/d&s=$(code_of 1 /d prefix)"
is "$STATUS" 403 "expired, and outside of the prefix"
get "/x.bin?e=1&k=one&a=192.0.2.1&s=$(code_of 1 /x.bin path 192.0.2.1)"
is "$STATUS" 403 "expired, and another's"
e=999999999999
get "/x.bin?e=$e&k=one&s=$(code_of $e /x.bin)"
is "$STATUS" 200 "as late as can be said"
get "/x.bin?e=9$e&k=one&s=$(code_of 9$e /x.bin)"
is "$STATUS" 403 "and later"
url=$(sign /d/y.bin --expires 60s)
get "$url"
is "$STATUS" 200 "before the expiry"
advance 61
get "$url"
is "$STATUS" 410 "after the expiry"
finish
