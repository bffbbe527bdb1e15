#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A variant has its own entity tag, and conditions compare that tag. A client can therefore never combine parts of
# different representations.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000 a.js.br 20000
make_variants a.js.gz
touch -d '2020-02-03 UTC' "$ROOT/a.js.br"
control_clock
start_ranged
tag_of() { get /a.js -H "Accept-Encoding: $1"; header ETag; }
plain=$(tag_of identity) gzip=$(tag_of gzip) brotli=$(tag_of br)
is "$plain" "$(etag_of "$ROOT/a.js")" "the file has its own tag"
tag=$(etag_of "$ROOT/a.js.gz")
is "$gzip" "${tag%\"}-gz\"" "the gzip variant with the mtime of the file has another tag"
tag=$(etag_of "$ROOT/a.js.br")
is "$brotli" "${tag%\"}-br\"" "the tag of the brotli variant depends on its own mtime"
is "$(header Last-Modified)" "$(http_date "$ROOT/a.js.br")" "Last-Modified is the mtime of the variant"
get /a.js.gz
is "$(header ETag)" "$(etag_of "$ROOT/a.js.gz")" "a variant under its own name has the tag of a file"

try() { # STATUS NAME CURL-OPTION...
	get /a.js -H 'Accept-Encoding: gzip' "${@:3}"
	is "$STATUS" "$1" "$2"
}
try 304 "If-None-Match with the tag of the variant matches" -H "If-None-Match: $gzip"
is "$(header ETag)" "$gzip" "the 304 response has the tag of the variant"
try 200 "If-None-Match with the tag of the file does not match" -H "If-None-Match: $plain"
try 200 "If-None-Match with the tag of another variant does not match" -H "If-None-Match: $brotli"
try 200 "If-Match with the tag of the variant matches" -H "If-Match: $gzip"
try 412 "If-Match with the tag of the file does not match" -H "If-Match: $plain"
range=(-H 'Range: bytes=10-19')
try 206 "If-Range with the tag of the variant matches" "${range[@]}" -H "If-Range: $gzip"
cmp_range a.js.gz 10 19
is "$(header Content-Encoding) $(header ETag)" "gzip $gzip" "the response is a part of the variant"
try 206 "If-Range with the tag of the file selects the file" "${range[@]}" -H "If-Range: $plain"
cmp_range a.js 10 19
is "$(header_count Content-Encoding) $(header ETag)" "0 $plain" "the response is a part of the file"
try 200 "If-Range with the tag of a variant that the client does not accept does not match" "${range[@]}" -H "If-Range: $brotli"
cmp_whole a.js
try 200 "If-Range with an older tag of the variant does not match" "${range[@]}" -H 'If-Range: "123-456-gz"'
cmp_whole a.js
try 200 "If-Range with the weak form of the tag does not match" "${range[@]}" -H "If-Range: W/$gzip"
cmp_whole a.js
get /a.js -H 'Accept-Encoding: gzip;q=0.5, br' "${range[@]}" -H "If-Range: $gzip"
is "$STATUS $(header Content-Encoding)" "206 gzip" "If-Range selects a variant that the client prefers less"
cmp_range a.js.gz 10 19
get /a.js -H 'Accept-Encoding: gzip;q=0.5, br' -H "If-Range: $gzip"
is "$STATUS $(header Content-Encoding)" "200 br" "If-Range without Range is ignored"
get /a.js "${range[@]}" -H "If-Range: $gzip"
is "$STATUS" 200 "If-Range with the tag of a variant does not match the file"
cmp_whole a.js
date=$(http_date "$ROOT/a.js")
try 200 "If-Range with a date that is also that of the file does not match" "${range[@]}" -H "If-Range: $date"
get /a.js "${range[@]}" -H "If-Range: $date"
is "$STATUS" 200 "the date does not match for the file either"
try 304 "If-Modified-Since with the date of the variant matches" -H "If-Modified-Since: $date"

# Files without an mtime have the tags of their sidecar files.
touch -d @1 "$ROOT/a.js" "$ROOT/a.js.gz"
printf one >"$ROOT/a.js.etag"
printf two >"$ROOT/a.js.gz.etag"
advance 2
is "$(tag_of identity) $(tag_of gzip)" '"one" "two-gz"' "the file and the variant have the tags of their sidecar files"
finish
