#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A name over 255 bytes or a path over the limit is 400; a target that fills the buffer is 414.
. "$(dirname "$0")/../lib.sh"

long() { head -c "$1" /dev/zero | tr '\0' "${2:-a}"; }
make_text "$(long 255)" longest
deep=$(for _ in $(seq 15); do printf '/%s' "$(long 200 d)"; done)
start_ranged

get "/$(long 255)"
is "$STATUS $(cat "$BODY")" "200 longest" "255 bytes is a name"
get "/$(for _ in $(seq 255); do printf %%61; done)"
is "$STATUS $(cat "$BODY")" "200 longest" "also when escaped"
get "/$(long 254)"
is "$STATUS" 404 "another name is not found"
get "/$(long 256)"
is "$STATUS" 400 "256 bytes is none"
get "/dir/$(long 256)/x"
is "$STATUS" 400 "anywhere in the path"
get "$deep"
is "$STATUS" 404 "3000 bytes of path"
get "$deep$deep"
is "$STATUS" 400 "6000 bytes of path"
get "/$(long 100000)"
like "$STATUS" '^(400|414|431)$' "100000 bytes of target"
get "/$(long 255)"
is "$STATUS" 200 "and all is well"
finish
