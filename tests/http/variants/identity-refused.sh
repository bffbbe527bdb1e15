#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A client that refuses the identity coding gets a variant, or 406. The response for a file without variants is not
# negotiated.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000 plain.js 20000
make_variants a.js.gz
start_ranged
for accept in 'identity;q=0, gzip' 'identity;q=0, gzip;q=0.001' '*;q=0, gzip' '*, identity;q=0'; do
	get /a.js -H "Accept-Encoding: $accept"
	is "$STATUS $(header Content-Encoding)" "200 gzip" "Accept-Encoding: $accept: the variant is sent"
	cmp_whole a.js.gz
done
for accept in 'identity;q=0' '*;q=0' 'br, identity;q=0.000' 'gzip;q=0, identity;q=0, *'; do
	get /a.js -H "Accept-Encoding: $accept"
	like "$STATUS $(header Vary)" '^406 (Accept, )?Accept-Encoding$' "Accept-Encoding: $accept: the status is 406"
	head_of /a.js -H "Accept-Encoding: $accept" -H 'If-None-Match: *' -H 'Range: bytes=0-9'
	is "$STATUS" 406 "406 takes precedence over conditions, and is sent for HEAD"
done
get /a.js -H 'Accept-Encoding: *;q=0, identity;q=0.1'
is "$STATUS $(header_count Content-Encoding)" "200 0" "identity is more specific than *"
get /a.js -H 'Accept-Encoding: br'
is "$STATUS $(header_count Content-Encoding)" "200 0" "identity is acceptable unless the client refuses it"
get /plain.js -H 'Accept-Encoding: identity;q=0'
is "$STATUS $(header_count Vary)" "200 0" "a file without variants does not vary"
cmp_whole plain.js
finish
