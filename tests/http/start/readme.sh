#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The five tasks of the README: each configuration runs as it is printed, with other directories, another port and a
# smaller cache.
. "$(dirname "$0")/../lib.sh"

need_cmd htpasswd
README=$LIB/../../README.md
RANGED_SIGN=${RANGED%/*}/ranged-sign
SITES=$ROOT ROOT='' LISTEN='' CACHE=''

# N: prints the configuration of task N with $DIR before /srv and /etc, and a free port
configuration() {
	awk -v n="$1" '/^```conf$/ { if (++seen == n) { inside = 1; next } } /^```$/ { inside = 0 } inside' "$README" >"$DIR/printed"
	sed "s|/srv/|$SITES/|; s|/etc/ranged/|$DIR/|; s|\":80\"|\"127.0.0.1:0\"|; s|\":8080\"|\"127.0.0.1:0\"|; s|8G|64M|" "$DIR/printed" >"$DIR/ranged.conf"
	at_most "$(wc -l <"$DIR/printed")" 9 "task $1 has less than ten lines"
	at_least "$(wc -l <"$DIR/printed")" 3 "task $1 has some lines"
	start_ranged
}
for name in share mirror video files lake; do mkdir -p "$SITES/$name"; done

ROOT=$SITES/share make_file a.bin 10007 secret.key 10 drafts/x 10
htpasswd -cbB "$DIR/users" anna sesame 2>/dev/null
configuration 1
get /a.bin
is "$STATUS" 401 "share: a password is needed"
get /a.bin -u anna:sesame
cmp_whole "$SITES/share/a.bin"
get / -u anna:sesame -H 'Accept: text/html'
is "$STATUS $(grep -c 'a\.bin' "$BODY" | sed 's/[1-9][0-9]*/some/') $(grep -cE 'secret|drafts' "$BODY")" "200 some 0" \
	"share: the listing is correct"
get /secret.key -u anna:sesame
is "$STATUS" 404 "share: a hidden file is 404"
stop_ranged

ROOT=$SITES/mirror make_file pool/a.deb 100007 dists/Release 1007 x.iso 100007
configuration 2
get /pool/a.deb
like "$(header Cache-Control)" immutable "mirror: packages are immutable"
cmp_whole "$SITES/mirror/pool/a.deb"
get /dists/Release
is "$(header Cache-Control)" "max-age=60" "mirror: indexes are revalidated"
get /
is "$STATUS" 200 "mirror: the listing is served"
stop_ranged

ROOT=$SITES/video make_file a.mp4 9437184 a.m3u8 100
configuration 3
get /a.m3u8 -H 'Origin: https://player.example'
is "$(header Access-Control-Allow-Origin) $(header Content-Type)" "https://player.example application/vnd.apple.mpegurl" \
	"video: the playlist has its type and the fields of cors"
started=$(date +%s%N)
get /a.mp4
took=$((($(date +%s%N) - started) / 1000000))
cmp_whole "$SITES/video/a.mp4"
at_least $took 250 "video: the last of nine MiB is limited"
stop_ranged

ROOT=$SITES/files make_file paid/a.zip 10007 free.bin 100
ROOT=$SITES/files make_text denied.html denied
ROOT=$SITES/files make_text expired.html expired
echo "one $(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$DIR/sign.keys"
chmod 600 "$DIR/sign.keys"
configuration 4
get /free.bin
is "$STATUS" 200 "signed: other files are public"
get /paid/a.zip
is "$STATUS $(cat "$BODY")" "403 denied" "signed: a request without a signature is 403"
signed=$("$RANGED_SIGN" --key-file "$DIR/sign.keys" --expires 1h /paid/a.zip)
get "$signed"
is "$STATUS" 200 "signed: a request with a signature is served"
cmp_whole "$SITES/files/paid/a.zip"
stop_ranged

ROOT=$SITES/lake make_file a.parquet 3000000 manifests/m.json 100 era5.zarr/t2m/.zarray 300 era5.zarr/t2m/0.0.0 70000
configuration 5
get_range 1000000-1010006 /a.parquet -H 'Origin: https://notebook.example'
is "$STATUS $(header Content-Type)" "206 application/vnd.apache.parquet" "lake: a range is served"
cmp_range "$SITES/lake/a.parquet" 1000000 1010006
like "$(header Server-Timing)" 'disk;dur=' "lake: Server-Timing shows the disk time"
like "$(header Cache-Status)" '^ranged; ' "lake: Cache-Status shows whether the bytes came from the cache"
for name in .zarray 0.0.0; do
	get /era5.zarr/t2m/$name
	is "$STATUS" 200 "lake: $name of a Zarr array is served"
	cmp_whole "$SITES/lake/era5.zarr/t2m/$name"
done
finish
