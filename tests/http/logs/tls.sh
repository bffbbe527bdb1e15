#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The access log shows whether a request came over TLS, and on which port.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../tls.sh"

make_certificate a a.example
make_file a.bin 100
start_tls "$(tls_pairs a)" "access_format = '%{scheme}x %p %h %s %B'"
secure_get /a.bin
is "$STATUS" 200 "a request over TLS is served"
URL=$PLAIN_URL
get /a.bin
lines() { [ "$(wc -l <"$DIR/access.log")" -ge "$1" ]; }
ok "each request has a line" await 5 lines 2
stop_ranged
is "$(sort "$DIR/access.log")" "http ${PLAIN_URL##*:} 127.0.0.1 200 100
https $TLS_PORT 127.0.0.1 200 100" "and what they say"
finish
