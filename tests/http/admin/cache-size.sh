#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A reload can change cache_size: memory is mapped and unmapped, transfers continue, and no request fails.
. "$(dirname "$0")/../lib.sh"

CACHE=
make_file a.bin 30000000 b.bin 300000
config 'cache_size = 8M'
start_ranged --workers 2
resize() { # SIZE
	config "cache_size = $1"
	reload_ranged
	like "$(tail -n 1 "$DIR/error.log")" "configuration reloaded" "cache_size = $1 is applied"
}
cached() { # returns true if the file is read from the cache only
	local before
	curl -sS -o "$BODY" "$URL/$1"
	before=$(read_bytes)
	curl -sS -o "$BODY" "$URL/$1"
	[ "$(read_bytes)" = "$before" ]
}
cached a.bin
small=$(rss_kib)

resize 64M
ok "the larger cache contains the file" cached a.bin
cmp_whole a.bin "the same bytes"
[ -n "$SANITIZED" ] || at_least "$(rss_kib)" $((small + 50000)) "the memory of the larger cache is mapped"

curl -sS --limit-rate 4M -o "$DIR/long" "$URL/a.bin" & long=$!
for i in 1 2 3; do
	for _ in {1..100}; do echo "url = $URL/b.bin"; echo "range = $((i * 1000))-$((i * 1000 + 70000))"; echo "output = /dev/null"; done >"$DIR/some.$i"
	(while [ ! -e "$DIR/over" ]; do curl -sSf --rate 50/s -w '%{http_code} %{size_download}\n' -K "$DIR/some.$i" || echo failed; done) >"$DIR/answers.$i" & some[i]=$!
done
for size in 8M 40M 0 16M 4M 80M 0 8M; do resize "$size"; done
wait $long; is $? 0 "a transfer continues during all changes"
cmp_whole a.bin "the transfer is complete" "$DIR/long"
touch "$DIR/over"
wait "${some[@]}"
is "$(sort -u "$DIR"/answers.*)" "206 70001" "no request fails"
at_least "$(cat "$DIR"/answers.* | wc -l)" 600 "many requests were sent"

gone() { [ "$(rss_kib)" -le $((small + 12000)) ]; }
[ -n "$SANITIZED" ] || ok "the memory of the smaller cache is unmapped" await 15 gone
not_ok "the smaller cache does not contain the file" cached a.bin
resize 0
not_ok "with cache_size = 0 nothing is cached" cached b.bin
cmp_whole b.bin "with cache_size = 0 files are served"
resize 8M
ok "after it files are cached again" cached b.bin

config 'cache_size = 900T'
reload_ranged
like "$(tail -n 2 "$DIR/error.log")" 'cache_size.*reload failed' "a size that exceeds the memory is rejected"
ok "the old size remains in effect" cached b.bin
finish
