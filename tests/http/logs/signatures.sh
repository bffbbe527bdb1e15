#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The access log never contains a signature that could be used, even if the request is rejected early.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100 paid/b.bin 100
echo "main 0123456789abcdef0123456789abcdef" >"$DIR/keys"
chmod 600 "$DIR/keys"
config "access_format = '%m %U%q %s'" "location \"/paid/\" { sign_keys = $DIR/keys }"
start_ranged
signed=$("${RANGED%/*}/ranged-sign" --key-file "$DIR/keys" --expires 1h "$URL/paid/b.bin")
signed=${signed#"$URL"}
get "$signed"
is "$STATUS" 200 "a valid URL is served"
get "$signed" -X POST
ask "GET $signed&x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"
ask "GET /%%zz$signed HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
get '/a.bin?s=other'
stop_ranged
code=${signed##*s=}
masked=${signed/"$code"/*}
is "$(cat "$DIR/access.log")" "GET $masked 200
POST $masked 405
GET $masked&x 400
GET /%zz$masked 400
GET /a.bin?s=other 200" "other parameters are logged"
finish
