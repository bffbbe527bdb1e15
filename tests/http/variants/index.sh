#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Variants also apply to the index of a directory and to the files of the key try.
. "$(dirname "$0")/../lib.sh"

make_file d/index.html 20000 index.html 10000 page.html 9000
make_variants d/index.html.gz index.html.br page.html.gz
config 'location "/app/" { try = "/index.html" }' 'location "/p/" { try = {"/absent.html", "/page.html"} }'
mkdir "$ROOT/app" "$ROOT/p"
start_ranged
while read -r path file coding; do
	get "$path" -H 'Accept-Encoding: gzip, br'
	is "$STATUS $(header Content-Encoding) $(header Vary)" "200 $coding Accept-Encoding" \
		"the variant of $path is sent"
	is "$(header Content-Type)" "text/html; charset=utf-8" "the content type is that of the file"
	cmp_whole "$file"
done <<-'TABLE'
	/d/ d/index.html.gz gzip
	/ index.html.br br
	/app/some/where index.html.br br
	/p/x page.html.gz gzip
TABLE
get /d -H 'Accept-Encoding: gzip'
is "$STATUS" 301 "a directory without a slash is redirected"
get /p/absent/ -H 'Accept-Encoding: br'
is "$STATUS $(header_count Content-Encoding)" "200 0" "a coding without a variant is ignored"
cmp_whole page.html
finish
