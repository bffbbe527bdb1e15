#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Where URLs are signed, their signature is not in the log: who reads it could use it.
. "$(dirname "$0")/lib.sh"

make_file a.bin 100 paid/b.bin 100
echo "main 0123456789abcdef0123456789abcdef" >"$DIR/keys"
chmod 600 "$DIR/keys"
config "access_format = '%r'" "location \"/paid/\" { sign_keys = $DIR/keys }"
start_ranged
get '/paid/b.bin?e=1&k=main&s=c2VjcmV0'
get '/a.bin?s=open'
stop_ranged
is "$(cat "$DIR/access.log")" "GET /paid/b.bin?e=1&k=main&s=* HTTP/1.1
GET /a.bin?s=open HTTP/1.1" "masked there, and only there"
finish
