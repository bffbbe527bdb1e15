#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A variant that is older than the file is of other bytes: it is as if it were not there.
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
sent gzip "one that is a nanosecond older is not sent, one that is not is" .gz
at 02:02:01 a.js.gz
advance 2
sent "" "a second older, too"
is "$(header_count Vary)" 0 "and the path does not vary"
at 02:02:02 a.js.br
advance 2
sent br "whole seconds of the same time are what brotli leaves" .br
at 02:02:03 a.js
advance 2
sent "" "the file was written to since"
at 02:03:00 a.js.gz
advance 2
sent gzip "and compressed again" .gz
finish
