#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGHUP gives the cache another size: memory comes and goes, what is being sent goes on, and nothing fails meanwhile.
. "$(dirname "$0")/../lib.sh"

CACHE=
make_file a.bin 60000000 b.bin 300000
config 'cache_size = 8M'
start_ranged --workers 2
resize() { # SIZE
	config "cache_size = $1"
	reload_ranged
	like "$(tail -n 1 "$DIR/error.log")" "configuration reloaded" "cache_size = $1 is taken"
}
cached() { # whether all of it is read from memory
	local before
	curl -sS -o "$BODY" "$URL/$1"
	before=$(read_bytes)
	curl -sS -o "$BODY" "$URL/$1"
	[ "$(read_bytes)" = "$before" ]
}
cached a.bin
small=$(rss_kib)

resize 128M
ok "it holds more" cached a.bin
cmp_whole a.bin "the same bytes"
[ -n "$SANITIZED" ] || at_least "$(rss_kib)" $((small + 100000)) "its memory is there"

curl -sS --limit-rate 8M -o "$DIR/long" "$URL/a.bin" & long=$!
for i in 1 2 3; do
	for _ in {1..200}; do echo "url = $URL/b.bin"; echo "range = $((i * 1000))-$((i * 1000 + 70000))"; echo "output = /dev/null"; done >"$DIR/some.$i"
	(while [ ! -e "$DIR/over" ]; do curl -sSf -w '%{http_code} %{size_download}\n' -K "$DIR/some.$i" || echo failed; done) >"$DIR/answers.$i" & some[i]=$!
done
for size in 8M 64M 0 16M 4M 200M 0 8M; do resize "$size"; done
wait $long; is $? 0 "a transfer goes on through all of it"
cmp_whole a.bin "with all of its bytes" "$DIR/long"
touch "$DIR/over"
wait "${some[@]}"
is "$(sort -u "$DIR"/answers.*)" "206 70001" "nothing failed meanwhile"
at_least "$(cat "$DIR"/answers.* | wc -l)" 600 "though much was asked for"

gone() { [ "$(rss_kib)" -le $((small + 12000)) ]; }
[ -n "$SANITIZED" ] || ok "the memory is the machine's again" await 15 gone
not_ok "and it holds no more than that" cached a.bin
resize 0
not_ok "with 0 nothing is kept" cached b.bin
cmp_whole b.bin "the bytes are right"
resize 8M
ok "after it, it is" cached b.bin

config 'cache_size = 900T'
reload_ranged
like "$(tail -n 2 "$DIR/error.log")" 'cache_size.*reload failed' "more than there is of memory is refused"
ok "and what held holds" cached b.bin
finish
