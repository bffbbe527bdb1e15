#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# cache_control and expires.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 e/x.bin 1000 both/x.bin 1000
config 'location "/x.bin" { cache_control = "public, immutable" }' 'location "/e/" { expires = 1h }' \
	'location "/both/" { expires = 90s' ' cache_control = "private, max-age=90" }'
start_ranged
get /x.bin
is "$(header Cache-Control)" "public, immutable" "Cache-Control"
get /x.bin -H "If-None-Match: $(header ETag)"
is "$STATUS $(header Cache-Control)" "304 public, immutable" "of a 304 too"
get_range 0-0 /x.bin
is "$STATUS $(header Cache-Control)" "206 public, immutable" "of a 206 too"
get_range 5000- /x.bin
is "$STATUS $(header_count Cache-Control)" "416 0" "not of an error"
for _ in 1 2 3; do get /e/x.bin; done
is "$(header Cache-Control)" "max-age=3600" "expires is a max-age"
is "$(($(date -d "$(header Expires)" +%s) - $(date -d "$(header Date)" +%s)))" 3600 "and a date, counted from now"
get /both/x.bin
is "$(header Cache-Control)" "private, max-age=90" "what cache_control says is left as it is"
is "$(header_count Expires)" 1 "beside expires"
finish
