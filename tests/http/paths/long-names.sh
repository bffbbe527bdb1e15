#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A name of more than 255 bytes, or a path over the limit, is answered with 400. A target that exceeds the buffer is
# 414.
. "$(dirname "$0")/../lib.sh"

long() { head -c "$1" /dev/zero | tr '\0' "${2:-a}"; }
make_text "$(long 255)" longest
deep=$(for _ in $(seq 15); do printf '/%s' "$(long 200 d)"; done)
start_ranged

get "/$(long 255)"
is "$STATUS $(cat "$BODY")" "200 longest" "a name of 255 bytes is served"
get "/$(for _ in $(seq 255); do printf %%61; done)"
is "$STATUS $(cat "$BODY")" "200 longest" "an escaped name of 255 bytes is served"
get "/$(long 254)"
is "$STATUS" 404 "another name of 255 bytes is 404"
get "/$(long 256)"
is "$STATUS" 400 "a name of 256 bytes is 400"
get "/dir/$(long 256)/x"
is "$STATUS" 400 "a directory name of 256 bytes is 400"
get "$deep"
is "$STATUS" 404 "a path of 3,000 bytes is 404"
get "$deep$deep"
is "$STATUS" 400 "a path of 6,000 bytes is 400"
get "/$(long 100000)"
like "$STATUS" '^(400|414|431)$' "a target of 100,000 bytes is rejected"
get "/$(long 255)"
is "$STATUS" 200 "other requests are served"
finish
