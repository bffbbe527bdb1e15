#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# revalidate: a known name is looked up again at this age, and not before. siblings = false: the files beside a file have
# no effect on it, also if another site with the same files uses them.
. "$(dirname "$0")/../lib.sh"
need_cmd gzip strace

for place in plain slow bare; do
	make_file $place/a.js 20000 $place/b.bin 3000000
	gzip -cn "$ROOT/$place/a.js" >"$ROOT/$place/a.js.gz"
	(cd "$ROOT/$place" && sha256sum a.js >a.js.sha256)
	make_file $place/undated 500
	touch -d @1 "$ROOT/$place/undated"
	printf one >"$ROOT/$place/undated.etag"
done
make_file next.bin 20000
config "etag = digest
location \"/slow/*\" { revalidate = 1h }
location \"/bare/*\" { siblings = false }
site \"without\" { siblings = false }"
control_clock
start_ranged

answer() { get "$@" && echo "$STATUS $(header Content-Encoding) $(header Repr-Digest | cut -c 1-8)"; }
both=(-H 'Accept-Encoding: gzip' -H 'Want-Repr-Digest: sha-256=1')
is "$(answer /plain/a.js "${both[@]}")" "200 gzip " "by default the variant is sent"
for round in 1 2; do
	is "$(answer /plain/a.js)" "200  sha-256=" "$round: by default the digest is sent"
	is "$(answer /bare/a.js "${both[@]}")" "200  " "$round: siblings = false: no variant, no digest"
	is "$(answer /plain/a.js "${both[@]}" -H 'Host: without')" "200  " "$round: nor on a site without siblings"
	is "$(answer /plain/a.js -H 'Accept-Encoding: gzip')" "200 gzip " "$round: the site with siblings sends the variant"
	get /plain/undated
	is "$(header ETag)" '"one"' "$round: a tag from a file beside"
	get /bare/undated
	is "$(header ETag)" "" "$round: siblings = false: no tag"
	advance 3
done
digest_tag=$(get /plain/a.js && header ETag)
get /bare/a.js
isnt "$(header ETag)" "$digest_tag" "siblings = false: the entity tag is made from the mtime"

for place in plain slow; do
	get /$place/b.bin
	cp "$ROOT/next.bin" "$ROOT/.next"
	mv "$ROOT/.next" "$ROOT/$place/b.bin"
	cp "$ROOT/$place/a.js" "$DIR/$place.old"
	get /$place/a.js
	printf 'new' >"$ROOT/$place/a.js"
done
advance 2
get /plain/b.bin
cmp_whole next.bin "by default a replaced file is served after a second"
get /plain/a.js
cmp_whole plain/a.js "by default a rewritten file is served after a second"
advance 3500
for round in 1 2; do
	get /slow/a.js
	cmp_whole "$DIR/slow.old" "$round: revalidate = 1h: the former version is served from the cache"
done
get /slow/b.bin
is "$STATUS $(size_of "$BODY")" "200 3000000" "revalidate = 1h: the former version of the replaced file"
advance 101
get /slow/a.js
cmp_whole slow/a.js "revalidate = 1h: the new version is served after an hour"
get /slow/b.bin
cmp_whole next.bin "revalidate = 1h: the replaced file is served after an hour"

# No name beside a file is looked up.
strace -f -qq -e trace=openat2,statx -o "$DIR/trace" -p "$PID" &
tracer=$!
await 10 grep -q "TracerPid:[[:space:]]*$tracer" "/proc/$PID/task/$PID/status"
for i in 1 2 3; do
	get /bare/a.js
	get /plain/undated
	advance 2
done
kill $tracer
wait $tracer
is "$(grep -c '"bare/a.js\.' "$DIR/trace")" 0 "siblings = false: no lookups of names beside the file"
at_least "$(grep -c '"bare/a.js"' "$DIR/trace")" 2 "the file itself is looked up"

for value in 999ms 2d; do
	printf 'root = "%s"\nrevalidate = %s\n' "$ROOT" $value >"$DIR/bad.conf"
	ok "revalidate = $value is rejected" grep -q revalidate <("$RANGED" --check -c "$DIR/bad.conf" 2>&1)
done
"$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain /bare/a.js >"$DIR/explained" 2>&1
ok "--explain says that siblings are off" grep -q 'variants *siblings is off' "$DIR/explained"
"$RANGED" -c "$DIR/ranged.conf" "$ROOT" --explain /slow/a.js >"$DIR/explained" 2>&1
ok "--explain says when the name is looked up again" grep -q 'after 3600000 ms (revalidate)' "$DIR/explained"
finish
