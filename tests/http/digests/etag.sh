#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# etag = digest: the tag is made of FILE.sha256, so mirrors that do not keep mtimes agree; what has no fresh digest has the usual tag.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 300000 b.bin 300000 small.bin 5000 late.bin 5000 undated.bin 5000 off/a.bin 5000
make_variants a.bin.gz
cd "$ROOT" || exit 1
digest() { sha256sum "$1" | cut -c 1-64; }
for name in a.bin a.bin.gz small.bin late.bin undated.bin off/a.bin; do sha256sum "$name" >"$name.sha256"; done
echo "no digest" >b.bin.sha256
touch -d '2019-01-01 UTC' late.bin.sha256
touch -d @1 undated.bin undated.bin.sha256
mkdir list && touch list/x
# A mirror that keeps whole seconds, and one that keeps nothing.
cp -r "$ROOT" "$DIR/seconds"
cp -r "$ROOT" "$DIR/nothing"
for name in a.bin a.bin.gz small.bin; do touch -d '2020-02-02 02:02:02 UTC' "$DIR/seconds/$name"; touch -d '2021-01-01 UTC' "$DIR/nothing/$name"; done
for name in a.bin a.bin.gz small.bin off/a.bin; do age "$ROOT/$name.sha256"; touch -d '2021-01-01 UTC' "$DIR/seconds/$name.sha256" "$DIR/nothing/$name.sha256"; done
cat >"$DIR/ranged.conf" <<END
etag = digest
listing = true
location "/off/" { etag = mtime }
site "seconds.example" { root = "$DIR/seconds" }
site "nothing.example" { root = "$DIR/nothing" }
END
start_ranged
tag=\"sha256-$(digest a.bin)\"
gzip=\"sha256-$(digest a.bin.gz)-gz\"
mirrors=("Host: x" "Host: seconds.example" "Host: nothing.example")
for host in "${mirrors[@]}"; do
	for try in 1 2 3; do
		get /small.bin -H "$host"
		is "$STATUS $(header ETag) $(header_count Cache-Control)" "200 \"sha256-$(digest small.bin)\" 0" "$host, time $try"
	done
	get_range 100000-100099 /a.bin -H "$host" -H "If-Range: $tag"
	is "$STATUS $(header ETag)" "206 $tag" "$host: If-Range with the tag of any"
	cmp_range a.bin 100000 100099
	get_range 10-19 /a.bin -H "$host" -H "If-Range: $gzip" -H 'Accept-Encoding: gzip'
	is "$STATUS $(header ETag) $(header Content-Encoding)" "206 $gzip gzip" "$host: of a variant"
	cmp_range a.bin.gz 10 19
	get /a.bin -H "$host" -H "If-None-Match: W/$tag"
	is "$STATUS $(header ETag)" "304 $tag" "$host: If-None-Match"
	get /a.bin -H "$host" -H "If-Match: $tag"
	is "$STATUS" 200 "$host: If-Match"
	cmp_whole a.bin
done
like "$(header Last-Modified)" '2021' "Last-Modified is of the mtime"
head_of /a.bin
is "$(header ETag)" "$tag" HEAD
get_range 0-9,1000-1009 /a.bin
is "$STATUS $(header ETag)" "206 $tag" "several ranges"
get_range 400000- /a.bin
is "$STATUS $(header ETag)" "416 $tag" 416
for name in b.bin late.bin; do
	get /$name
	is "$(header ETag)" "$(etag_of $name)" "$name: without a fresh digest it is the usual tag"
done
get /undated.bin
is "$(header ETag) $(header_count Last-Modified)" "\"sha256-$(digest undated.bin)\" 0" "an mtime of 1 s: a digest is a tag all the same"
get /off/a.bin
is "$(header ETag)" "$(etag_of off/a.bin)" "a location within that has mtimes"
get /list/
like "$(header ETag)" '^W/"[0-9a-f]{16}"$' "a listing has its own"

# A young digest may be written again.
sha256sum small.bin >late.bin.sha256
touch -d '+1 hour' late.bin.sha256
weak() { get /late.bin && [ "$(header ETag)" = "W/\"sha256-$(digest small.bin)\"" ]; }
ok "a young digest is a weak tag" await 4 weak
get /late.bin
is "$(header Cache-Control)" no-cache "and is not to be reused"
# A file that changes leaves its digest behind.
cp late.bin new && touch new && mv new small.bin
changed() { get /small.bin && [ "$(header ETag | tr -d W/)" = "$(etag_of small.bin)" ]; }
ok "a digest that is older than the file is none" await 4 changed
cmp_whole small.bin
"$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain /a.bin -H "If-Range: $tag" -H 'Range: bytes=0-9' >"$DIR/explained" 2>&1 </dev/null
like "$(cat "$DIR/explained")" "ETag $tag.*If-Range fits" "--explain"
printf 'etag = inode\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: etag: .*mtime" "what it may be"
finish
