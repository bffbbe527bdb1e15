#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# POST /cache/pin reads files into the cache and pins them, up to half of the cache. /cache/evict removes them.
# /cache/hot lists the cached files.
. "$(dirname "$0")/../lib.sh"
. "$LIB/cache-ops.sh"

mkdir "$ROOT/d" "$DIR/other"
make_file keep.bin 6000000 scan.bin 90000000 large.bin 12000000 d/1 3000000 d/2 3000000 d/3 6000000 d/4 3000000
old keep.bin scan.bin large.bin d/1 d/2 d/3 d/4
cp "$ROOT/d/1" "$DIR/other/b.bin"
touch -d '1 hour ago' "$DIR/other/b.bin"
config "site \"b.example\" { root = \"$DIR/other\" }"
CACHE=32M
start_admin

post /cache/pin /keep.bin
is "$CODE $(answer done_bytes) $(answer error)" "200 6000000 -" "a file is pinned"
get /scan.bin
get /scan.bin
is "$(resident /keep.bin) $(resident /keep.bin pinned) $(resident /keep.bin pinned_bytes)" "6000000 1 6000000" \
	"a pinned file remains in the cache during a scan"
post /cache/pin /keep.bin
is "$CODE $(answer error)" "200 -" "a file can be pinned again"
post /cache/pin /large.bin
is "$CODE" 409 "a file that exceeds half of the cache with the pinned ones is rejected"
like "$(answer error)" "12000000 bytes, but only 107[0-9]* bytes can still be pinned" "the message has the sizes"
is "$(resident /large.bin)" 0 "the rejected file is not read"
post /cache/pin /d
is "$CODE $(answer done_bytes) $(answer 'done')" "200 6000000 1" \
	"the files of a directory that fit are pinned in their order"
like "$(answer error)" "half of cache_size" "the message names the limit"
is "$(resident /d/1 pinned) $(resident /d/2 pinned) $(resident /d/3)" "1 1 0" "these files are pinned"

post /cache/evict /d
is "$CODE $(answer files) $(answer evicted_bytes)" "200 4 6000000" "pinned files of a directory are evicted"
post /cache/evict /keep.bin
is "$CODE $(resident /keep.bin)" "200 0" "a pinned file is evicted"
get /keep.bin
cmp_whole keep.bin "an evicted file is served"
post /cache/evict /nothing
is "$CODE" 404 "a missing file is 404"
post /cache/pin /d/3
is "$CODE $(answer error)" "200 -" "files can be pinned again after the eviction"

# A client has not read all of the file: its extents are removed when the transfer ends.
curl -sS --limit-rate 2M -o "$DIR/slow" "$URL/d/3" & slow=$!
await 5 test -s "$DIR/slow"
post /cache/evict /d/3
is "$CODE $(resident /d/3 pinned)" "200 0" "a file that is being sent can be evicted"
wait $slow
cmp_whole d/3 "the transfer is complete" "$DIR/slow"

post /cache/warm /b.bin site=b.example
is "$CODE $(answer done_bytes)" "200 3000000" "a file of another site is pinned"
is "$(resident /b.bin site)" b.example "the file is listed with its site"
post /cache/warm /b.bin
is "$CODE" 404 "the file does not exist in another site"

post /cache/evict /
get /d/2; get /d/2; get /d/2; get /d/1
post /cache/hot '' limit=1
is "$CODE $(grep -o '"path"' "$DIR/answer" | wc -l)" "200 1" "limit restricts the number of files"
is "$(resident /d/2 requests) $(resident /d/1 requests) $(resident /d/2 size)" "3 1 3000000" \
	"the number of requests is listed"
for limit in 0 1001 x -1 ''; do
	post /cache/hot '' "limit=$limit"
	is "$CODE" 400 "limit=$limit is rejected"
done
is "$(curl -sS -o "$BODY" -w '%{http_code}' --unix-socket "$SOCKET" 'http://localhost/cache/hot?limit=1000')" 200 \
	"GET lists the cached files"
finish
