#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The listing of a directory with 100,000 files is complete and sorted, needs bounded memory, and delays no other
# requests.
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
is "$RC $STATUS" "0 200" "the listing is served"
numbers
is "$(wc -l <"$DIR/numbers") $(sort -u "$DIR/numbers" | wc -l)" "$COUNT $COUNT" "the listing contains each file once"
ok "the listing is sorted" sort -n -c "$DIR/numbers"
is "$(header_count ETag)" 0 "the listing has no tag, because it is sent while it is made"
get "/d/?format=json&order=desc"
numbers
ok "the descending order is correct" sort -rn -c "$DIR/numbers"
get "/d/?format=json&offset=99990"
numbers
is "$(wc -l <"$DIR/numbers")" 10 "the last page has the last entries"
get /d/
is "$(perl "$LIB/links.pl" html <"$BODY" | wc -l)" 10000 "an HTML page has ten thousand entries"
like "$(cat "$BODY")" $'100\xe2\x80\xaf000' "the HTML page shows the number of all entries"

for sort in size ${SANITIZED:-name time size}; do # under sanitizers only by size
	curl -sS -o "$DIR/out.$sort.$RANDOM" "$URL/d/?format=json&sort=$sort" &
done
slowest=0
for i in $(seq 1 50); do
	start=$(date +%s%N)
	get "/open.$i" # the only offload thread opens the file
	took=$((($(date +%s%N) - start) / 1000000))
	[ $took -le $slowest ] || slowest=$took
	[ "$STATUS $(cat "$BODY")" = "200 $i" ] || fail "/open.$i" "$STATUS"
done
diag "the slowest of 50 opens took $slowest ms beside 4 listings"
at_most "$slowest" $((1500 * RANGED_SLOW)) "files are opened while listings are made"
for job in $(jobs -p); do [ "$job" = "$PID" ] || wait "$job"; done
[ -n "$SANITIZED" ] || at_most $(($(rss_kib) - memory)) 40000 "the listings need bounded memory"
finish
