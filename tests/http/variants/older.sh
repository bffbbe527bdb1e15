#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A variant that is older than the file is ignored, because it may be made from other bytes.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000
make_variants a.js.gz a.js.br
at() { touch -d "2020-02-02 $1 UTC" "$ROOT/$2"; }
at 02:02:02.123456788 a.js.br
control_clock
start_ranged
sent() { # CODING NAME
	get /a.js -H 'Accept-Encoding: gzip, br'
	is "$STATUS $(header Content-Encoding)" "200 $1" "$2"
	cmp_whole a.js"${3:-}"
}
sent gzip "a variant that is one nanosecond older is ignored, another variant is sent" .gz
at 02:02:01 a.js.gz
advance 2
sent "" "a variant that is one second older is ignored"
is "$(header_count Vary)" 0 "the response does not vary"
at 02:02:02 a.js.br
advance 2
sent br "a variant with the same mtime in whole seconds is sent, because brotli stores whole seconds" .br
at 02:02:03 a.js
advance 2
sent "" "a variant is ignored after the file has changed"
at 02:03:00 a.js.gz
advance 2
sent gzip "a variant that is made again is sent" .gz
finish
