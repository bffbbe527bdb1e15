#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# POST /cache/pin keeps what it brings in, up to half of the memory; /cache/evict lets it go; /cache/hot says what is there.
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
is "$(resident /keep.bin) $(resident /keep.bin pinned) $(resident /keep.bin pinned_bytes)" "6000000 1 6000000" "a scan leaves it where it is"
post /cache/pin /keep.bin
is "$CODE $(answer error)" "200 -" "once more is fine"
post /cache/pin /large.bin
is "$CODE" 409 "what is more than half of the memory with it is refused"
like "$(answer error)" "12000000 bytes; .* and 107[0-9]* bytes of that are left" "with the figures"
is "$(resident /large.bin)" 0 "and is not read"
post /cache/pin /d
is "$CODE $(answer done_bytes) $(answer 'done')" "200 6000000 1" "of a folder, what fits in its order"
like "$(answer error)" "half of cache_size" "and why no more"
is "$(resident /d/1 pinned) $(resident /d/2 pinned) $(resident /d/3)" "1 1 0" "they are pinned"

post /cache/evict /d
is "$CODE $(answer files) $(answer evicted_bytes)" "200 4 6000000" "they go, though they were pinned"
post /cache/evict /keep.bin
is "$CODE $(resident /keep.bin)" "200 0" "a file"
get /keep.bin
cmp_whole keep.bin "which is served as before"
post /cache/evict /nothing
is "$CODE" 404 "what is not there"
post /cache/pin /d/3
is "$CODE $(answer error)" "200 -" "there is room again"

# Somebody has not taken all of it: it goes when he has it.
curl -sS --limit-rate 2M -o "$DIR/slow" "$URL/d/3" & slow=$!
await 5 test -s "$DIR/slow"
post /cache/evict /d/3
is "$CODE $(resident /d/3 pinned)" "200 0" "what is being sent can be evicted"
wait $slow
cmp_whole d/3 "and reaches its client" "$DIR/slow"

post /cache/warm /b.bin site=b.example
is "$CODE $(answer done_bytes)" "200 3000000" "another site's file"
is "$(resident /b.bin site)" b.example "is of that site"
post /cache/warm /b.bin
is "$CODE" 404 "and of no other"

post /cache/evict /
get /d/2; get /d/2; get /d/2; get /d/1
post /cache/hot '' limit=1
is "$CODE $(grep -o '"path"' "$DIR/answer" | wc -l)" "200 1" "as many as asked for"
is "$(resident /d/2 requests) $(resident /d/1 requests) $(resident /d/2 size)" "3 1 3000000" "how often they were asked for"
for limit in 0 1001 x -1 ''; do
	post /cache/hot '' "limit=$limit"
	is "$CODE" 400 "limit=$limit is none"
done
is "$(curl -sS -o "$BODY" -w '%{http_code}' --unix-socket "$SOCKET" 'http://localhost/cache/hot?limit=1000')" 200 "GET says what is hot, too"
finish
