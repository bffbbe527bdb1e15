#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The prebuilt responses for a file, for its variant, and for the variant under its own name are distinct.
. "$(dirname "$0")/../lib.sh"

make_file a.js 5000
make_variants a.js.gz a.js.br
start_ranged --workers 1
for i in 1 2 3 4; do
	get /a.js
	is "$STATUS $(header_count Content-Encoding) $(header ETag)" "200 0 $(etag_of "$ROOT/a.js")" \
		"the file is sent, request $i"
	type=$(header Content-Type)
	cmp_whole a.js
	for coding in gzip br; do
		name=a.js.${coding/gzip/gz}
		get /a.js -H "Accept-Encoding: $coding"
		is "$(header Content-Encoding) $(header Vary) $(header Content-Type)" "$coding Accept-Encoding $type" \
			"the $coding variant is sent, request $i"
		cmp_whole "$name"
		get "/$name" -H "Accept-Encoding: $coding"
		is "$(header_count Content-Encoding) $(header_count Vary)" "0 0" \
			"$name is sent under its own name, request $i"
		isnt "$(header Content-Type)" "$type" "$name has its own content type"
		is "$(header ETag)" "$(etag_of "$ROOT/$name")" "$name has its own tag"
		cmp_whole "$name"
	done
done
# Requests for variants are answered from memory, as requests without Accept-Encoding are.
take_stats
at_least "$(stat_of hit 'stats cache_lookups')" 14 "most responses came from memory"
finish
