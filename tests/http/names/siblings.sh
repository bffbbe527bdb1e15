#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Compressed variants, digests and tags beside a file that appear, change or vanish are noticed within 2 s: in a
# directory without any other, in one with others, and below symbolic links. The files themselves do not change.
# Each case has its own directory, so the cases run at the same time, with one curl process for each step.
. "$(dirname "$0")/../lib.sh"
need_cmd gzip

# Cases: the path, the request header and the response header FIELD of each, and its name in the titles.
PATHS=() ACCEPTS=() FIELDS=() NAMES=()
# What the next responses should be: "STATUS CODING VALUE-OF-FIELD", and the file below $ROOT that is the body.
WANTED=() BODIES=()
no_cases() { PATHS=() ACCEPTS=() FIELDS=() NAMES=() WANTED=() BODIES=(); }
add_case() { # PATH ACCEPT-ENCODING FIELD NAME
	PATHS+=("$1") ACCEPTS+=("$2") FIELDS+=("$3") NAMES+=("$4")
}
# Sends one request for each case. The headers go to $DIR/head.1, ..., the bodies to $DIR/out.1, ...
request() {
	local i next=
	for i in "${!PATHS[@]}"; do
		printf '%surl = "%s/%s"\nheader = "Accept-Encoding: %s"\ndump-header = "%s"\noutput = "%s"\n' \
			"$next" "$URL" "${PATHS[i]}" "${ACCEPTS[i]}" "$DIR/head.$((i + 1))" "$DIR/out.$((i + 1))"
		next=$'next\n'
	done >"$DIR/curls"
	curl -sS --no-progress-meter --max-time "$(seconds 60)" --config "$DIR/curls" || diag "curl: $?"
}
# INDEX: sets ANSWER to the last response of a case.
read_answer() {
	local line status='' coding='' value=''
	while IFS= read -r line; do
		line=${line%$'\r'}
		case ${line,,} in
		http/*) status=${line#* } status=${status%% *} ;;
		content-encoding:*) coding=${line#*: } ;;
		"${FIELDS[$1],,}":*) value=${line#*: } ;;
		esac
	done <"$DIR/head.$(($1 + 1))"
	ANSWER="$status $coding $value"
}
check_answers() { # TITLE
	local i
	for i in "${!PATHS[@]}"; do
		read_answer "$i"
		is "$ANSWER" "${WANTED[i]}" "${NAMES[i]}$1"
	done
}
# Checks that the next responses are the expected ones when 2 s have passed. Then lets the server read the names of the
# directories, which it does some seconds after their last change, so that the next changes are those of known
# directories.
within_2s() { # TITLE
	advance 2
	request
	check_answers "$1"
	is "$(printf '%s 0 99999999\n' "${BODIES[@]}" | perl "$LIB/compare.pl" "$ROOT" "$DIR/out." "")" \
		"${#PATHS[@]} compared, 0 wrong" "$1: the bytes"
	advance 4
	request
	advance 1.1
	request
}

make_file alone/a.js 20000 among/a.js 20000 among/b.js 20000 deep/x/y/a.js 20000 real/a.js 20000 far/b.js 20000 other/a.js 20000
make_variants among/b.js.gz among/b.js.br among/b.js.zst
sha256sum "$ROOT/among/b.js" >"$ROOT/among/b.js.sha256"
ln -s real "$ROOT/link"
ln -s ../far/b.js "$ROOT/other/link.js"
for place in alone among; do
	make_file $place/undated 500
	touch -d @1 "$ROOT/$place/undated"
done
trees=("$ROOT"/*)
for tree in gz br zst digest tag symlink hard swap relink; do
	mkdir "$ROOT/$tree"
	cp -a "${trees[@]}" "$ROOT/$tree"
done
rm -r "${trees[@]}"
files=()
for i in {1..30}; do files+=("m/$i.js" 3000); done
make_file "${files[@]}"
control_clock
[ -z "${OLD_KERNEL:-}" ] || disable_cached_lookups
start_ranged

variants=() olds=() directories=()
for suffix in gz br zst; do
	coding=${suffix/gz/gzip} coding=${coding/zst/zstd}
	for path in alone/a.js among/a.js deep/x/y/a.js link/a.js other/link.js; do
		file=$suffix/$path
		add_case "$file" "$coding" X-None "$file.$suffix"
		variants+=("$ROOT/$file.$suffix") directories+=("$ROOT/${file%/*}")
		case $suffix in gz) gzip -cn "$ROOT/$file" ;; zst) zstd_of "$ROOT/$file" ;; br) head -c 5000 "$ROOT/$file" ;; esac >"$DIR/new.${#olds[@]}"
		olds+=("$ROOT/$suffix/among/b.js.$suffix")
	done
done
coded() { WANTED=("${ACCEPTS[@]/#/200 }") WANTED=("${WANTED[@]/%/ }") BODIES=("${variants[@]#"$ROOT/"}"); }
uncoded() { WANTED=("${PATHS[@]/*/200  }") BODIES=("${PATHS[@]}"); }

uncoded
request
check_answers ": without a variant the file is sent"
request
for i in "${!variants[@]}"; do cp "$DIR/new.$i" "${variants[i]}"; done
coded
within_2s " appears"
# Rewritten in place, so the directory does not change.
for i in "${!variants[@]}"; do cp "${olds[i]}" "${variants[i]}"; done
within_2s " is rewritten in place"
for i in "${!variants[@]}"; do cp "$DIR/new.$i" "$ROOT/next" && mv "$ROOT/next" "${variants[i]}"; done
within_2s " is replaced"
touch -d '2019-01-01 UTC' "${variants[@]}"
uncoded
within_2s " becomes older than the file"
touch "${variants[@]}"
coded
within_2s " is newer again"
for i in "${!variants[@]}"; do mv "${variants[i]}" "$ROOT/away.$i"; done
uncoded
within_2s " is moved away"
# The times of the directory are set back, as rsync -t and tar do.
for i in "${!variants[@]}"; do
	touch -r "${directories[i]}/." "$DIR/stamp"
	mv "$ROOT/away.$i" "${variants[i]}"
	touch -r "$DIR/stamp" "${directories[i]}/."
done
coded
within_2s " appears, and the mtime of its directory is restored"
rm "${variants[@]}"
uncoded
within_2s " is deleted"

# Symbolic links, hard links, directories that are replaced, digests, and tags. The directories of the last two cases of
# each kind have and have not such files of other names.
no_cases
add_case symlink/alone/a.js gzip X-None "a variant is a symbolic link"
add_case hard/alone/a.js gzip X-None "a variant is a hard link"
add_case swap/alone/a.js gzip X-None "the directory is replaced"
add_case relink/link/a.js gzip X-None "the symbolic link to the directory is replaced"
for place in alone among; do add_case digest/$place/a.js identity Repr-Digest "the digest of $place/a.js"; done
for place in alone among; do add_case tag/$place/undated identity ETag "the tag of $place/undated"; done
digest() { printf 'sha-256=:%s:' "$(sha256sum "$ROOT/$1" | perl -ne 'print pack "H*", substr $_, 0, 64' | base64)"; }
for tree in symlink swap relink; do gzip -cn "$ROOT/$tree/alone/a.js" >"$DIR/$tree.gz"; done
uncoded
request
check_answers ", not yet"

ln -s ../far/late.gz "$ROOT/symlink/alone/a.js.gz"
gzip -cn "$ROOT/hard/alone/a.js" >"$ROOT/hard/far/a.js.gz"
ln "$ROOT/hard/far/a.js.gz" "$ROOT/hard/alone/a.js.gz"
cp -a "$ROOT/swap/alone" "$ROOT/swap/next"
gzip -cn "$ROOT/swap/alone/a.js" >"$ROOT/swap/next/a.js.gz"
touch -r "$ROOT/swap/alone" "$ROOT/swap/next"
mv "$ROOT/swap/alone" "$ROOT/swap/last"
mv "$ROOT/swap/next" "$ROOT/swap/alone"
cp -a "$ROOT/relink/real" "$ROOT/relink/real2"
gzip -cn "$ROOT/relink/real/a.js" >"$ROOT/relink/real2/a.js.gz"
ln -sfn real2 "$ROOT/relink/link"
for place in alone among; do
	(cd "$ROOT/digest" && sha256sum $place/a.js >$place/a.js.sha256)
	printf one >"$ROOT/tag/$place/undated.etag"
done
WANTED=("200  " "200 gzip " "200 gzip " "200 gzip " "200  $(digest digest/alone/a.js)" "200  $(digest digest/among/a.js)"
	'200  "one"' '200  "one"')
BODIES[1]+=.gz BODIES[2]+=.gz BODIES[3]+=.gz
within_2s ": it leads to no file (symbolic link), or appears"

gzip -cn "$ROOT/symlink/alone/a.js" >"$ROOT/symlink/far/late.gz"
rm "$ROOT/hard/alone/a.js.gz"
mv "$ROOT/swap/alone" "$ROOT/swap/next"
mv "$ROOT/swap/last" "$ROOT/swap/alone"
ln -sfn real "$ROOT/relink/link"
for place in alone among; do
	(cd "$ROOT/digest" && sha256sum among/b.js >$place/a.js.sha256)
	printf two >"$ROOT/tag/$place/undated.etag"
done
uncoded
other=$(digest digest/among/b.js)
WANTED=("200 gzip " "200  " "200  " "200  " "200  $other" "200  $other" '200  "two"' '200  "two"')
BODIES[0]=symlink/far/late.gz
within_2s ": its target appears (symbolic link), or it is gone, or rewritten in place (digest, tag)"

rm "$ROOT/symlink/far/late.gz" "$ROOT"/digest/*/a.js.sha256 "$ROOT"/tag/*/undated.etag
uncoded
within_2s ": its target vanishes (symbolic link), or it is gone"

# Many files in one directory: each has its own variant.
no_cases
for i in {1..30}; do add_case "m/$i.js" gzip X-None "$i.js of 30 files in a directory"; done
uncoded
request
check_answers " has no variant"
gzip -cn "$ROOT/m/15.js" >"$ROOT/m/15.js.gz"
advance 2
request
WANTED[14]="200 gzip "
check_answers ": only 15.js has a variant"
rm "$ROOT/m/15.js.gz"
advance 2
request
uncoded
check_answers " has no variant any more"
finish
