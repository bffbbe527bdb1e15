#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A known name needs at most 256 bytes and its path. name_cache bounds the number of names; names that are requested often
# stay. Paths that lead to no file need no memory.
. "$(dirname "$0")/../lib.sh"
. "$LIB/names.sh"
. "$LIB/admin.sh"
[ -z "$SANITIZED" ] || skip_all "the memory of a sanitizer would be counted"

COUNT=50000
CACHE=8M
make_links "$COUNT"

# Names are spread over 64 shards; with a tenth more room, one of them was full at times.
config "name_cache = $((COUNT * 13 / 10))"
start_with_admin --workers 2
# The libraries, the threads and the buffers of the connections have their memory.
request_links 0 1999 200 "the first names are found"
request_links $((COUNT * 2)) $((COUNT * 2 + 9999)) 404 "paths that do not exist are 404"
measure_links
request_links $((COUNT * 3)) $((COUNT * 4 - 1)) 404 "other paths that do not exist are 404"
at_most $(($(rss_kib) - known)) 512 "paths that do not exist need no memory (KiB)"
request_links 0 $((COUNT - 1)) 200 "all names are found again"
at_most $(($(rss_kib) - known)) 512 "names that are known need no further memory (KiB)"
take_numbers
is "$(metric ranged_names)" "$COUNT" "the metric counts the names"
at_most "$(metric ranged_names_bytes)" $((COUNT * (256 + 12))) "the metric of their memory"
stop_ranged

# Few names: memory is bounded, and those that are requested often stay. Without revalidation, the number of hits does not
# depend on the speed of the machine.
config 'name_cache = 4096' 'revalidate = 1h'
start_with_admin --workers 2
request_links 0 9999 200 "more names than name_cache are found"
before=$(rss_kib)
hits() { take_numbers && metric 'ranged_file_lookups_total{result="hit"}'; }
first=$(hits)
is "$(perl "$LIB/pipeline.pl" "$ADDRESS" 1 HEAD "$LINKS" 10000 49999 100)" "200 44000" \
	"a hundred names are requested again after each thousand others"
# Without the second chance, a quarter of the names would be evicted in each round.
at_least $(($(hits) - first)) 3400 "of 4000 requests for the hundred names, at least 3400 are hits"
at_most $(($(rss_kib) - before)) 2048 "name_cache bounds the memory (KiB)"
take_numbers
at_most "$(metric ranged_names)" 4160 "name_cache bounds the number of names"
finish
