#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Replies made before: the file, its variant, and the variant asked for by its own name are three, and none is sent for another.
. "$(dirname "$0")/../lib.sh"

make_file a.js 5000
make_variants a.js.gz a.js.br
start_ranged --workers 1
for i in 1 2 3 4; do
	get /a.js
	is "$STATUS $(header_count Content-Encoding) $(header ETag)" "200 0 $(etag_of "$ROOT/a.js")" "the file, time $i"
	type=$(header Content-Type)
	cmp_whole a.js
	for coding in gzip br; do
		name=a.js.${coding/gzip/gz}
		get /a.js -H "Accept-Encoding: $coding"
		is "$(header Content-Encoding) $(header Vary) $(header Content-Type)" "$coding Accept-Encoding $type" "in $coding, time $i"
		cmp_whole "$name"
		get "/$name" -H "Accept-Encoding: $coding"
		is "$(header_count Content-Encoding) $(header_count Vary)" "0 0" "$name by its name, time $i"
		isnt "$(header Content-Type)" "$type" "of its own type"
		is "$(header ETag)" "$(etag_of "$ROOT/$name")" "and with its own tag"
		cmp_whole "$name"
	done
done
# From memory, without looking again: as fast as those who ask for no coding.
take_stats
at_least "$(stat_of hit 'stats cache_lookups')" 14 "most came from memory"
finish
