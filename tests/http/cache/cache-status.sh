#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# cache_status = true adds a Cache-Status field (RFC 9211) that says whether the bytes came from the cache.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file a.bin 10007 big.bin 3000000 crowd.bin 60000001 off/a.bin 10007 never/a.bin 10007
make_variants a.bin.gz
sync -f "$ROOT"
config 'cache_status = true' 'location "/off/" { cache_status = false }' 'location "/never/" { cache = never }'
CACHE=64M
start_ranged --workers 1
says() { # EXPECTED PATH NAME CURL-OPTION...
	get "$2" "${@:4}"
	is "$(header Cache-Status)" "$1" "$3"
}
says "ranged; fwd=miss" /a.bin "the first request for a small file is a miss"
for i in 1 2 3; do says "ranged; hit" /a.bin "then hot, time $i"; done
cmp_whole a.bin
says "ranged; hit" /a.bin "a range of a cached file is a hit" -H 'Range: bytes=5-10'
says "ranged; fwd=miss" /a.bin "a variant is a file of its own" -H 'Accept-Encoding: gzip'
says "ranged; fwd=miss" /big.bin "the first request for a large file is a miss"
says "ranged; hit" /big.bin "the second request is a hit"
cmp_whole big.bin
says "ranged; hit" /big.bin "several cached ranges are a hit" -H 'Range: bytes=0-9,1000000-1000009'
is "$STATUS" 206 "a multipart response is sent"
says "ranged; fwd=miss" /never/a.bin "a file that is not cached is a miss"
says "ranged; fwd=miss" /never/a.bin "the next request for it is a miss, too"
says "" /a.bin "a 304 response has no Cache-Status" -H 'If-None-Match: *'
is "$STATUS" 304 "a condition is answered with 304"
says "" /absent "an error response has no Cache-Status"
says "" /off/a.bin "there is no Cache-Status unless it is configured"
for i in $(seq 30); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/crowd.bin"\nrange = "0-999999"\noutput = "/dev/null"\ndump-header = "%s"\n' "$URL" "$DIR/out.$i"
done >"$DIR/curls"
ok "30 concurrent requests succeed" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 30 --config "$DIR/curls"
is "$(cat "$DIR"/out.* | grep -c 'fwd=miss.$')" 1 "one of them reads the file"
is "$(cat "$DIR"/out.* | grep -ic '^cache-status')" 30 "all of them have Cache-Status"
at_least "$(cat "$DIR"/out.* | grep -cE 'fwd=miss; collapsed|; hit')" 29 "the others are coalesced, or hits"
finish
