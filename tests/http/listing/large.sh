#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The listing of a directory with 34,000 files and long names is complete and sorted, needs bounded memory, and delays no other
# requests.
. "$(dirname "$0")/../lib.sh"

COUNT=34000
make_file x 1000
mkdir "$ROOT/d"
# shellcheck disable=SC2016
perl -e 'chdir $ARGV[0] or die; my $long = "a-long-name-so-that-there-are-more-than-fit" . "-and-more-bytes" x 12 . " ";
	for (1 .. $ARGV[1]) { link "../x", $long . $_ * 7919 % 1000003 or die }' "$ROOT/d" $COUNT
for i in {1..50}; do echo "$i" >"$ROOT/open.$i"; done
config 'listing = true' 'offload_threads = 1' "disk_queue_timeout = $((5 * RANGED_SLOW))s" # a listing may take long on a slow machine
start_ranged
numbers() { perl -ne 'print "$1\n" while /"href":"[^"]*%20([^"]*)/g' "$BODY" >"$DIR/numbers"; }
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
get "/d/?format=json&offset=$((COUNT - 10))"
numbers
is "$(wc -l <"$DIR/numbers")" 10 "the last page has the last entries"
get /d/
is "$(perl "$LIB/links.pl" html <"$BODY" | wc -l)" 10000 "an HTML page has ten thousand entries"
like "$(cat "$BODY")" $'34\xe2\x80\xaf000' "the HTML page shows the number of all entries"

begun=${EPOCHREALTIME//[.,]/}
for sort in size $([ -n "$SANITIZED" ] || echo name time); do # under sanitizers only by size
	curl -sS -o /dev/null "$URL/d/?format=json&sort=$sort" &
done
# The only offload thread opens each of these files.
curl -sS -w '%{http_code} %{time_total}\n' "$URL/open.[1-50]" -o "$DIR/opened.#1" >"$DIR/opens"
for job in $(jobs -p); do [ "$job" = "$PID" ] || wait "$job"; done
took=$(((${EPOCHREALTIME//[.,]/} - begun) / 1000))
is "$(cat "$DIR"/opened.{1..50})" "$(cat "$ROOT"/open.{1..50})" "all files are served"
read -r served slowest < <(awk '$1 == 200 { n++ } $2 > most { most = $2 } END { print n, int(most * 1000) }' "$DIR/opens")
is "$served" 50 "their status is 200"
diag "the slowest of 50 opens took $slowest ms, all opens and listings took $took ms"
# If the listings kept the thread, the first open would wait for all of them.
at_most "$slowest" $((took > 3000 * RANGED_SLOW ? took / 2 : 1500 * RANGED_SLOW)) "files are opened while listings are made"
diag "the memory has grown by $(($(rss_kib) - memory)) KiB" # the names alone have 9 MB for each listing
[ -n "$SANITIZED" ] || at_most $(($(rss_kib) - memory)) 18000 "the listings need bounded memory"
finish
