#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The keys cache_control and expires set Cache-Control and Expires.
. "$(dirname "$0")/../lib.sh"

make_file x.bin 1000 e/x.bin 1000 both/x.bin 1000
config 'location "/x.bin" { cache_control = "public, immutable" }' 'location "/e/" { expires = 1h }' \
	'location "/both/" { expires = 90s' ' cache_control = "private, max-age=90" }'
start_ranged
get /x.bin
is "$(header Cache-Control)" "public, immutable" "a 200 response has the configured Cache-Control"
get /x.bin -H "If-None-Match: $(header ETag)"
is "$STATUS $(header Cache-Control)" "304 public, immutable" "a 304 response has the configured Cache-Control"
get_range 0-0 /x.bin
is "$STATUS $(header Cache-Control)" "206 public, immutable" "a 206 response has the configured Cache-Control"
get_range 5000- /x.bin
is "$STATUS $(header_count Cache-Control)" "416 0" "an error response does not have the configured Cache-Control"
for _ in 1 2 3; do get /e/x.bin; done
is "$(header Cache-Control)" "max-age=3600" "expires sets max-age"
is "$(($(date -d "$(header Expires)" +%s) - $(date -d "$(header Date)" +%s)))" 3600 "Expires is that time after Date"
get /both/x.bin
is "$(header Cache-Control)" "private, max-age=90" "the configured Cache-Control is not changed by expires"
is "$(header_count Expires)" 1 "expires also sets Expires"
finish
