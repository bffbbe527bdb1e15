#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# etag = digest: the entity tag is made from FILE.sha256, so that mirrors that do not preserve mtimes send the same tag.
# Without an up-to-date digest, the tag is made from the mtime.
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
# One mirror stores whole seconds, the other one stores no mtimes.
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
		is "$STATUS $(header ETag) $(header_count Cache-Control)" "200 \"sha256-$(digest small.bin)\" 0" \
			"$host, request $try: the tag is the digest"
	done
	get_range 100000-100099 /a.bin -H "$host" -H "If-Range: $tag"
	is "$STATUS $(header ETag)" "206 $tag" "$host: If-Range with this tag matches"
	cmp_range a.bin 100000 100099
	get_range 10-19 /a.bin -H "$host" -H "If-Range: $gzip" -H 'Accept-Encoding: gzip'
	is "$STATUS $(header ETag) $(header Content-Encoding)" "206 $gzip gzip" \
		"$host: the variant has the tag of its own digest"
	cmp_range a.bin.gz 10 19
	get /a.bin -H "$host" -H "If-None-Match: W/$tag"
	is "$STATUS $(header ETag)" "304 $tag" "$host: If-None-Match with this tag matches"
	get /a.bin -H "$host" -H "If-Match: $tag"
	is "$STATUS" 200 "$host: If-Match with this tag matches"
	cmp_whole a.bin
done
like "$(header Last-Modified)" '2021' "Last-Modified is the mtime"
head_of /a.bin
is "$(header ETag)" "$tag" "HEAD has the tag"
get_range 0-9,1000-1009 /a.bin
is "$STATUS $(header ETag)" "206 $tag" "a multipart response has the tag"
get_range 400000- /a.bin
is "$STATUS $(header ETag)" "416 $tag" "a 416 response has the tag"
for name in b.bin late.bin; do
	get /$name
	is "$(header ETag)" "$(etag_of $name)" "$name: without an up-to-date digest the tag is made from the mtime"
done
get /undated.bin
is "$(header ETag) $(header_count Last-Modified)" "\"sha256-$(digest undated.bin)\" 0" \
	"a file with an mtime of 1 s has the tag of its digest"
get /off/a.bin
is "$(header ETag)" "$(etag_of off/a.bin)" "a location with etag = mtime has tags made from mtimes"
get /list/
like "$(header ETag)" '^W/"[0-9a-f]{16}"$' "a listing has a tag of its own"

# A digest file that was just written may change again.
sha256sum small.bin >late.bin.sha256
touch -d '+1 hour' late.bin.sha256
weak() { get /late.bin && [ "$(header ETag)" = "W/\"sha256-$(digest small.bin)\"" ]; }
ok "a young digest makes a weak tag" await 4 weak
get /late.bin
is "$(header Cache-Control)" no-cache "a response with a young digest must be revalidated"
# The digest of an older version is ignored.
cp late.bin new && touch new && mv new small.bin
changed() { get /small.bin && [ "$(header ETag | tr -d W/)" = "$(etag_of small.bin)" ]; }
ok "a digest that is older than the file is ignored" await 4 changed
cmp_whole small.bin
"$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain /a.bin -H "If-Range: $tag" -H 'Range: bytes=0-9' >"$DIR/explained" 2>&1 </dev/null
like "$(cat "$DIR/explained")" "ETag $tag.*If-Range matches" "--explain shows the tag"
printf 'etag = inode\n' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1)" "bad.conf:1: etag: .*mtime" \
	"an invalid value of etag is rejected"
finish
