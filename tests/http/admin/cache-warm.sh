#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# POST /cache/warm reads a file, or the files of a directory, into the cache: those that clients can request, as far as
# they fit.
. "$(dirname "$0")/../lib.sh"
. "$LIB/cache-ops.sh"

mkdir "$ROOT/d" "$ROOT/d/deep" "$ROOT/d/.hidden" "$ROOT/empty"
make_file a.bin 9000001 'd/one two%.bin' 70000 d/deep/x 5000 d/y 300000 d/none 0 d/.hidden/z 40000 d/secret.key 40000 d/never.iso 40000 huge.bin 60000000
old a.bin 'd/one two%.bin' d/deep/x d/y d/none d/.hidden/z d/secret.key d/never.iso huge.bin
ln -s ../d "$ROOT/d/again"
config 'hide = "*.key"' 'location "*.iso" { cache = never }'
start_admin

post /cache/warm /a.bin
is "$CODE $(answer done_bytes) $(answer total_bytes) $(answer files) $(answer 'done')" "200 9000001 9000001 1 1" \
	"a file is warmed"
is "$(resident /a.bin)" 9000001 "the whole file is cached"
before=$(read_bytes)
get /a.bin
cmp_whole a.bin "the bytes are correct"
is "$(read_bytes)" "$before" "a warmed file is not read again"
post /cache/warm /a.bin
is "$(answer done_bytes) $(read_bytes)" "9000001 $before" "a file that is warmed again is not read again"

post /cache/warm /d
is "$CODE $(answer files) $(answer total_bytes) $(answer path)" "200 4 375000 /d" \
	"a directory is warmed without hidden files and files that are never cached"
is "$(resident '/d/one two%.bin') $(resident /d/deep/x) $(resident /d/y)" "70000 5000 300000" \
	"the files of the directory are cached"
is "$(resident /d/.hidden/z) $(resident /d/secret.key) $(resident /d/never.iso)" "0 0 0" "other files are not cached"
post /cache/warm /empty/
is "$CODE $(answer files) $(answer 'done')" "200 0 1" "an empty directory can be warmed"
post /cache/warm '/empty/../d//one two%.bin'
is "$CODE $(answer files)" "200 1" "the path is decoded as in a request"

post /cache/warm /huge.bin
is "$CODE $(answer done_bytes) $(answer total_bytes)" "200 29360128 60000000" \
	"of a file larger than the cache the first bytes are cached"
like "$(answer error)" "the cache is full: only the first [0-9]* of 60000000 bytes of /huge.bin were read" \
	"the message has the sizes"
at_least "$(resident /huge.bin)" 25000000 "these bytes are cached"

while read -r code path why; do
	post /cache/warm "$path"
	is "$CODE" "$code" "$path: the status is $code"
	like "$(answer error)" "$why" "$path: the message names the reason"
done <<-'END'
	404 /nothing no file is served
	404 /../../etc/passwd no file is served
	404 /d/.hidden/z no file is served
	404 /d/secret.key no file is served
	404 /a.bin/ no file is served
	400 a.bin not a valid path
	409 /d/never.iso never
END
post /cache/warm
is "$CODE $(answer error)" '400 the argument "path" is missing' "a missing argument is rejected"
chmod 0 "$ROOT/d/y"
if [ "$(id -u)" != 0 ]; then
	post /cache/warm /d/y
	is "$CODE" 403 "an unreadable file is rejected"
fi
is "$(curl -sS -o "$BODY" -w '%{http_code}' --unix-socket "$SOCKET" http://localhost/cache/warm?path=/a.bin)" 405 \
	"GET is rejected"
stop_ranged

start_ranged --admin 127.0.0.1:0
admin=$(sed -n 's/.*admin listener on //p' "$DIR/error.log" | tail -n 1)
is "$(curl -sS -o "$BODY" -w '%{http_code}' -X POST "http://$admin/cache/warm?path=/a.bin")" 403 \
	"a TCP client is rejected"
stop_ranged

CACHE=0
start_admin
post /cache/warm /a.bin
is "$CODE" 409 "with cache_size = 0 warming is rejected"
finish
