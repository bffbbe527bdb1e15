#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A folder of 100 000 files: complete and in order, within some memory, while others are served.
. "$(dirname "$0")/../lib.sh"

COUNT=100000
make_file x 1000
mkdir "$ROOT/d"
# shellcheck disable=SC2016
perl -e 'chdir $ARGV[0] or die; for (1 .. $ARGV[1]) { open my $out, ">", "some file with a rather long name, so that there are more than fit, and a number " . $_ * 7919 % 1000003 or die; }' "$ROOT/d" $COUNT
seq 1 50 | while read -r i; do echo "$i" >"$ROOT/open.$i"; done
config 'listing = true' 'offload_threads = 1'
start_ranged
numbers() { grep -o '"href":"[^"]*' "$BODY" | sed 's/.*%20//' >"$DIR/numbers"; }
get "/d/?format=json&limit=10"
memory=$(rss_kib)
get "/d/?format=json"
is "$RC $STATUS" "0 200" "all of it"
numbers
is "$(wc -l <"$DIR/numbers") $(sort -u "$DIR/numbers" | wc -l)" "$COUNT $COUNT" "is there, once"
ok "and in order" sort -n -c "$DIR/numbers"
is "$(header_count ETag)" 0 "it has no tag: it was sent before it was known"
get "/d/?format=json&order=desc"
numbers
ok "in the other order" sort -rn -c "$DIR/numbers"
get "/d/?format=json&offset=99990"
numbers
is "$(wc -l <"$DIR/numbers")" 10 "the end of it"
get /d/
is "$(perl "$LIB/links.pl" html <"$BODY" | wc -l)" 10000 "a page for people has ten thousand"
like "$(cat "$BODY")" $'100\xe2\x80\xaf000' "and says how many there are"

for sort in size ${SANITIZED:-name time size}; do # "1" under sanitizers: by name
	curl -sS -o "$DIR/out.$sort.$RANDOM" "$URL/d/?format=json&sort=$sort" &
done
slowest=0
for i in $(seq 1 50); do
	start=$(date +%s%N)
	get "/open.$i" # is opened by the one offload thread
	took=$((($(date +%s%N) - start) / 1000000))
	[ $took -le $slowest ] || slowest=$took
	[ "$STATUS $(cat "$BODY")" = "200 $i" ] || fail "/open.$i" "$STATUS"
done
diag "the slowest of 50 opens took $slowest ms beside 4 listings"
at_most "$slowest" $((1500 * RANGED_SLOW)) "others are opened meanwhile"
for job in $(jobs -p); do [ "$job" = "$PID" ] || wait "$job"; done
[ -n "$SANITIZED" ] || at_most $(($(rss_kib) - memory)) 40000 "the memory it took"
finish
