#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A variant has its own entity tag, and conditions are about that: a part of one representation is never put behind a part of another.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000 a.js.br 20000
make_variants a.js.gz
touch -d '2020-02-03 UTC' "$ROOT/a.js.br"
control_clock
start_ranged
tag_of() { get /a.js -H "Accept-Encoding: $1"; header ETag; }
plain=$(tag_of identity) gzip=$(tag_of gzip) brotli=$(tag_of br)
is "$plain" "$(etag_of "$ROOT/a.js")" "the file's own"
tag=$(etag_of "$ROOT/a.js.gz")
is "$gzip" "${tag%\"}-gz\"" "of the same time, but another one"
tag=$(etag_of "$ROOT/a.js.br")
is "$brotli" "${tag%\"}-br\"" "of the variant's version"
is "$(header Last-Modified)" "$(http_date "$ROOT/a.js.br")" "as is the date"
get /a.js.gz
is "$(header ETag)" "$(etag_of "$ROOT/a.js.gz")" "asked for by its own name it is a file"

try() { # STATUS NAME CURL-OPTION...
	get /a.js -H 'Accept-Encoding: gzip' "${@:3}"
	is "$STATUS" "$1" "$2"
}
try 304 "If-None-Match: its own" -H "If-None-Match: $gzip"
is "$(header ETag)" "$gzip" "said again"
try 200 "If-None-Match: the file's" -H "If-None-Match: $plain"
try 200 "If-None-Match: another variant's" -H "If-None-Match: $brotli"
try 200 "If-Match: its own" -H "If-Match: $gzip"
try 412 "If-Match: the file's" -H "If-Match: $plain"
range=(-H 'Range: bytes=10-19')
try 206 "If-Range: its own" "${range[@]}" -H "If-Range: $gzip"
cmp_range a.js.gz 10 19
is "$(header Content-Encoding) $(header ETag)" "gzip $gzip" "and is a part of it"
try 206 "If-Range: the file's" "${range[@]}" -H "If-Range: $plain"
cmp_range a.js 10 19
is "$(header_count Content-Encoding) $(header ETag)" "0 $plain" "and is a part of that"
try 200 "If-Range: another variant's, which is not accepted" "${range[@]}" -H "If-Range: $brotli"
cmp_whole a.js
try 200 "If-Range: an older tag of it" "${range[@]}" -H 'If-Range: "123-456-gz"'
cmp_whole a.js
try 200 "If-Range: its tag, weak" "${range[@]}" -H "If-Range: W/$gzip"
cmp_whole a.js
get /a.js -H 'Accept-Encoding: gzip;q=0.5, br' "${range[@]}" -H "If-Range: $gzip"
is "$STATUS $(header Content-Encoding)" "206 gzip" "If-Range: the one that the client likes less"
cmp_range a.js.gz 10 19
get /a.js -H 'Accept-Encoding: gzip;q=0.5, br' -H "If-Range: $gzip"
is "$STATUS $(header Content-Encoding)" "200 br" "without Range it is not looked at"
get /a.js "${range[@]}" -H "If-Range: $gzip"
is "$STATUS" 200 "If-Range: a variant's, of the file"
cmp_whole a.js
date=$(http_date "$ROOT/a.js")
try 200 "If-Range: a date that the file has, too" "${range[@]}" -H "If-Range: $date"
get /a.js "${range[@]}" -H "If-Range: $date"
is "$STATUS" 200 "nor is it good for the file"
try 304 "If-Modified-Since" -H "If-Modified-Since: $date"

# Without times of their own, by what lies beside them.
touch -d @1 "$ROOT/a.js" "$ROOT/a.js.gz"
printf one >"$ROOT/a.js.etag"
printf two >"$ROOT/a.js.gz.etag"
advance 2
is "$(tag_of identity) $(tag_of gzip)" '"one" "two-gz"' "tags of sidecars"
finish
