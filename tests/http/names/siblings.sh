#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Compressed variants, digests and tags beside a file that appear, change or vanish are noticed within 2 s: in a
# directory without any other, in one with others, and below symbolic links. The files themselves do not change.
. "$(dirname "$0")/../lib.sh"
need_cmd gzip

make_file alone/a.js 20000 among/a.js 20000 among/b.js 20000 deep/x/y/a.js 20000 real/a.js 20000 far/b.js 20000 other/a.js 20000
make_variants among/b.js.gz among/b.js.br among/b.js.zst
sha256sum "$ROOT/among/b.js" >"$ROOT/among/b.js.sha256"
ln -s real "$ROOT/link"
ln -s ../far/b.js "$ROOT/other/link.js"
for place in alone among; do
	make_file $place/undated 500
	touch -d @1 "$ROOT/$place/undated"
done
control_clock
[ -z "${OLD_KERNEL:-}" ] || disable_cached_lookups
start_ranged

request() { get "$TARGET" "${OPTIONS[@]}"; }
answer() { echo "$STATUS $(header Content-Encoding) $(header "$FIELD")"; }
# Checks that the next response is the expected one when 2 s have passed. Then lets the server read the names of the
# directory, which it does some seconds after their last change, so that the next change is one of a known directory.
within_2s() { # EXPECTED BODY TITLE
	advance 2
	request
	is "$(answer)" "$1" "$3"
	cmp_whole "$2" "$3: the bytes"
	advance 4
	request
	advance 1.1
	request
}
variant() { case $2 in .gz) gzip -cn "$1" ;; .zst) zstd_of "$1" ;; .br) head -c 5000 "$1" ;; esac }
coding() { case $1 in .gz) echo gzip ;; .zst) echo zstd ;; .br) echo br ;; esac }

FIELD=X-None
for path in alone/a.js among/a.js deep/x/y/a.js link/a.js other/link.js; do
	file=$ROOT/$path
	for suffix in .gz .br .zst; do
		coding=$(coding $suffix)
		TARGET=/$path OPTIONS=(-H "Accept-Encoding: $coding")
		what="$path$suffix"
		request
		is "$(answer)" "200  " "$what: without a variant the file is sent"
		request
		variant "$file" $suffix >"$file$suffix"
		within_2s "200 $coding " "$path$suffix" "$what appears"
		# Rewritten in place, so the directory does not change.
		variant "$ROOT/among/b.js" $suffix >"$DIR/next"
		cat "$DIR/next" >"$file$suffix"
		within_2s "200 $coding " "$path$suffix" "$what is rewritten in place"
		variant "$file" $suffix >"$ROOT/next"
		mv "$ROOT/next" "$file$suffix"
		within_2s "200 $coding " "$path$suffix" "$what is replaced"
		touch -d '2019-01-01 UTC' "$file$suffix"
		within_2s "200  " "$path" "$what becomes older than the file"
		touch "$file$suffix"
		within_2s "200 $coding " "$path$suffix" "$what is newer again"
		mv "$file$suffix" "$ROOT/away"
		within_2s "200  " "$path" "$what is moved away"
		# The times of the directory are set back, as rsync -t and tar do.
		touch -r "${file%/*}" "$DIR/stamp"
		mv "$ROOT/away" "$file$suffix"
		touch -r "$DIR/stamp" "${file%/*}"
		within_2s "200 $coding " "$path$suffix" "$what appears, and the mtime of its directory is restored"
		rm "$file$suffix"
		within_2s "200  " "$path" "$what is deleted"
	done
done

TARGET=/alone/a.js OPTIONS=(-H 'Accept-Encoding: gzip')
ln -s ../far/late.gz "$ROOT/alone/a.js.gz"
within_2s "200  " alone/a.js "a variant is a symbolic link that leads to no file"
gzip -cn "$ROOT/alone/a.js" >"$ROOT/far/late.gz"
within_2s "200 gzip " far/late.gz "the target of the symbolic link appears in another directory"
rm "$ROOT/far/late.gz"
within_2s "200  " alone/a.js "the target of the symbolic link vanishes"
rm "$ROOT/alone/a.js.gz"
gzip -cn "$ROOT/alone/a.js" >"$ROOT/far/a.js.gz"
ln "$ROOT/far/a.js.gz" "$ROOT/alone/a.js.gz"
within_2s "200 gzip " alone/a.js.gz "a variant appears as a hard link"
rm "$ROOT/alone/a.js.gz"
within_2s "200  " alone/a.js "the hard link vanishes"

# The directory itself is replaced by one with a variant, and by one without.
cp -a "$ROOT/alone" "$ROOT/next"
gzip -cn "$ROOT/alone/a.js" >"$ROOT/next/a.js.gz"
touch -r "$ROOT/alone" "$ROOT/next"
mv "$ROOT/alone" "$ROOT/last"
mv "$ROOT/next" "$ROOT/alone"
within_2s "200 gzip " alone/a.js.gz "the directory is replaced by one with a variant"
mv "$ROOT/alone" "$ROOT/next"
mv "$ROOT/last" "$ROOT/alone"
within_2s "200  " alone/a.js "the directory is replaced by one without a variant"
rm -r "$ROOT/next"
TARGET=/link/a.js
cp -a "$ROOT/real" "$ROOT/real2"
gzip -cn "$ROOT/real/a.js" >"$ROOT/real2/a.js.gz"
ln -sfn real2 "$ROOT/link"
within_2s "200 gzip " real2/a.js.gz "the symbolic link leads to a directory with a variant"
ln -sfn real "$ROOT/link"
within_2s "200  " real/a.js "the symbolic link leads to a directory without a variant"

# Many files in one directory: each has its own variant.
files=()
for i in $(seq 30); do files+=("m/$i.js" 3000); done
make_file "${files[@]}"
for round in "" 15 ""; do
	for i in $(seq 30); do
		TARGET=/m/$i.js OPTIONS=(-H 'Accept-Encoding: gzip')
		request
		[ "$(answer)" = "200 $([ "$i" != "$round" ] || echo gzip) " ] || echo "$i: $(answer)"
	done >"$DIR/wrong"
	is "$(cat "$DIR/wrong")" "" "only file \"$round\" of 30 files has a variant"
	if [ -z "$round" ]; then gzip -cn "$ROOT/m/15.js" >"$ROOT/m/15.js.gz"; else rm "$ROOT/m/15.js.gz"; fi
	advance 2
done

# Digests and tags.
digest() { printf 'sha-256=:%s:' "$(sha256sum "$ROOT/$1" | cut -c 1-64 | perl -ne 'chomp; print pack "H*", $_' | base64)"; }
FIELD=Repr-Digest OPTIONS=()
for path in alone/a.js among/a.js; do
	TARGET=/$path
	request
	is "$(answer)" "200  " "$path has no digest"
	(cd "$ROOT" && sha256sum "$path" >"$path.sha256")
	within_2s "200  $(digest $path)" $path "$path.sha256 appears"
	(cd "$ROOT" && sha256sum among/b.js >"$path.sha256")
	within_2s "200  $(digest among/b.js)" $path "$path.sha256 is rewritten in place"
	rm "$ROOT/$path.sha256"
	within_2s "200  " $path "$path.sha256 vanishes"
done
FIELD=ETag
for place in alone among; do
	path=$place/undated TARGET=/$place/undated
	request
	is "$(answer)" "200  " "$path has no tag"
	printf one >"$ROOT/$path.etag"
	within_2s '200  "one"' $path "$path.etag appears"
	printf two >"$ROOT/$path.etag"
	within_2s '200  "two"' $path "$path.etag is rewritten in place"
	rm "$ROOT/$path.etag"
	within_2s "200  " $path "$path.etag vanishes"
done
finish
