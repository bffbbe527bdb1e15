#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The file with the highest q-value is sent. If q-values are equal, the order is FILE.zst, FILE.br, FILE.gz, FILE.
. "$(dirname "$0")/../lib.sh"

make_file a.js 20000 b.js 20000 c.js 20000
make_variants a.js.gz a.js.br a.js.zst b.js.gz
start_ranged
sent() { # PATH ACCEPT-ENCODING EXTENSION
	local coding
	case $3 in .gz) coding=gzip ;; .zst) coding=zstd ;; *) coding=${3#.} ;; esac
	get "$1" -H "Accept-Encoding: $2"
	is "$STATUS $(header Content-Encoding) $(header Content-Length)" "200 $coding $(size_of "$ROOT$1$3")" "$1, Accept-Encoding \"$2\": the response is ${3:-the file}"
	cmp_whole "${1#/}$3"
}
while IFS='|' read -r path accept extension; do
	sent "$path" "$accept" "$extension"
done <<-'TABLE'
	/a.js|gzip, deflate, br, zstd|.zst
	/a.js|gzip, br|.br
	/a.js|gzip|.gz
	/a.js|x-gzip|.gz
	/a.js|GZIP|.gz
	/a.js|deflate|
	/a.js|identity|
	/a.js|*|.zst
	/a.js|zstd;q=0, *|.br
	/a.js|gzip;q=1.0, br;q=0.9, zstd;q=0.8|.gz
	/a.js|zstd;q=0.5, br;q=0.501|.br
	/a.js|gzip;q=0.001|.gz
	/a.js|gzip;q=0|
	/a.js|gzip;q=0.5, identity|
	/a.js|gzip;q=0.5, identity;q=0.5|.gz
	/a.js|gzip;q=0.5, *;q=0.7|.zst
	/a.js|br;q=2, gzip;q=0.1|.gz
	/a.js|identity;q=1, *;q=0|
	/b.js|zstd, br, gzip;q=0.1|.gz
	/b.js|zstd, br|
	/c.js|gzip, br, zstd|
TABLE
get /a.js
is "$(header_count Content-Encoding)" 0 "without Accept-Encoding the file is sent"
cmp_whole a.js
get /a.js -H 'Accept-Encoding;'
is "$(header_count Content-Encoding)" 0 "with an empty Accept-Encoding the file is sent"
get /a.js -H 'Accept-Encoding: br' -H 'Accept-Encoding: gzip;q=0.5'
is "$(header Content-Encoding)" br "two Accept-Encoding fields are one list"
is "$(header Content-Type)" "$(head_of /c.js; header Content-Type)" "Content-Type is that of the file"
finish
