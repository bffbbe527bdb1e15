#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# On a filesystem that is case-insensitive or has other aliases of names, a file is served only under the spelling in
# its directory. Other spellings could evade the rules of a location.
. "$(dirname "$0")/../lib.sh"
need_fuse

SOURCE=$DIR/source
mkdir -p "$SOURCE/PAID" "$SOURCE/open/deep" "$SOURCE/index" "$ROOT"
for file in secret.key other.bin PAID/a.bin open/deep/file.bin open/readme.txt 12.34 $'caf\xc3\xa9.txt'; do
	printf '%s' "$file" >"$SOURCE/$file"
done
printf 'compressed' | gzip >"$SOURCE/open/readme.txt.GZ"
printf '<p>index</p>' >"$SOURCE/index/Index.HTML"
ln -s OPEN "$SOURCE/link"
find "$SOURCE" -type f -exec touch -d '2020-02-02 02:02:02 UTC' {} +
# shellcheck disable=SC2046
need_program foldfs "$LAB/foldfs.c" $(pkg-config --cflags --libs fuse3)
mkdir "$ROOT/fold" "$ROOT/alias" "$ROOT/local"
printf 'local' >"$ROOT/local/secret.key"
for kind in "case fold" "alias alias"; do
	# shellcheck disable=SC2086
	set -- $kind
	"$DIR/foldfs" "$1" "$SOURCE" "$ROOT/$2" -f </dev/null >"$DIR/$2.log" 2>&1 &
	await 10 mountpoint -q "$ROOT/$2" || exit
done
# The case-insensitive filesystems of this kernel.
KERNEL=
mount_image() { # NAME MKFS...: mounts an image with this filesystem on $ROOT/NAME, with the same files
	truncate -s 64M "$DIR/$1.img"
	mkdir "$ROOT/$1"
	"${@:2}" "$DIR/$1.img" >"$DIR/$1.mkfs" 2>&1 && mount -o loop "$DIR/$1.img" "$ROOT/$1" 2>/dev/null || return
	chattr +F "$ROOT/$1" 2>/dev/null
	mkdir "$ROOT/$1/PAID"
	cp "$SOURCE/secret.key" "$SOURCE/other.bin" "$ROOT/$1"
	cp "$SOURCE/PAID/a.bin" "$ROOT/$1/PAID"
	[ -e "$ROOT/$1/OTHER.bin" ] && KERNEL+=" $1"
}
command -v mkfs.vfat >/dev/null && mount_image vfat mkfs.vfat
command -v mkfs.exfat >/dev/null && mount_image exfat mkfs.exfat
[ ! -e /sys/fs/ext4/features/casefold ] || mount_image casefold mkfs.ext4 -q -O casefold

config 'listing = true' 'hide = {"*.key", "/fold/café.txt", "/alias/café.txt"}' 'error_page = "404 /fold/other.bin"' \
	'location "/fold/PAID/" { deny = {"0.0.0.0/0", "::/0"} }' 'location "/fold/try" { try = {"{path}.BIN", "/fold/OPEN/readme.txt"} }'
start_ranged
served() { # PATH FILE NAME
	get "$1"
	is "$STATUS" 200 "$3: the file is served"
	cmp_whole "$SOURCE/$2" "$3: the body is correct"
}
refused() { # PATH [STATUS]
	get "$1"
	is "$STATUS" "${2:-404}" "$1 is ${2:-404}"
}

served /fold/other.bin other.bin "the spelling of the directory"
served /fold/open/deep/file.bin open/deep/file.bin "subdirectories"
served /fold/12.34 12.34 "a name without letters"
refused /fold/secret.key
refused /fold/PAID/a.bin 403
refused /fold/PAID/ 403
for path in SECRET.KEY Secret.Key secret.KEY secret.key. secret.key%20 SECRET~1.KEY secret~1.key SECRET.KEY... \
	paid/a.bin PAID./a.bin Paid/A.BIN paid paid/ paid%20/ PAID~1/a.bin; do
	refused "/fold/$path"
	refused "/fold/$path"
done
for path in OTHER.BIN open/DEEP/file.bin Open/deep/file.bin open/deep/FILE.bin open./deep/file.bin 12.34. OPEN OPEN/ open/DEEP/; do
	refused "/fold/$path"
done
get /fold/open
is "$STATUS" 301 "a directory without a slash is redirected"
served /fold/link/deep/file.bin open/deep/file.bin "the target of a link may have another spelling"
refused /fold/LINK/deep/file.bin
get /fold/open/readme.txt --compressed
is "$(header Content-Encoding)" "" "a variant with another spelling is ignored"
get /fold/index/
is "$(grep -c '<p>index</p>' "$BODY")" 0 "an index with another spelling is ignored"
get /fold/open/
like "$(cat "$BODY")" 'readme\.txt' "a directory is listed"
refused /fold/OPEN/?format=json
get /fold/try
is "$STATUS" 404 "a file of try with another spelling is ignored"
get /fold/open/ -H 'Accept: application/json'
is "$STATUS" 200 "a directory is listed after that"
like "$("$RANGED" --explain /fold/OTHER.BIN "$ROOT")" 'the directory stores it with another spelling' "--explain names the reason"

# A file is renamed, and another one is created, while ranged runs.
mv "$SOURCE/other.bin" "$SOURCE/OTHER.BIN"
gone() { get "$1"; [ "$STATUS" = 404 ]; }
ok "the former spelling of a renamed file is 404" await 10 gone /fold/other.bin
served /fold/OTHER.BIN OTHER.BIN "the new spelling of a renamed file"
printf 'new' >"$SOURCE/new.txt"
served /fold/new.txt new.txt "a new file"

# The names of a directory that does not change are not read again every second.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	touch -d '2020-02-02 02:02:02 UTC' "$SOURCE"
	served /fold/12.34 12.34 "a directory without changes"
	strace -f -o "$DIR/trace" -e trace=getdents64,openat2 -p "$PID" 2>"$DIR/strace.log" &
	STRACE=$!
	traced() { get /fold/12.34; [ -s "$DIR/trace" ]; }
	await 10 traced
	end=$((SECONDS + 3)) wrong=
	while [ $SECONDS -lt $end ]; do
		get /fold/12.34
		[ "$STATUS" = 200 ] || wrong+="$STATUS "
		get /fold/99.99
		[ "$STATUS" = 404 ] || wrong+="$STATUS "
	done
	kill "$STRACE"
	wait "$STRACE" 2>/dev/null
	is "$wrong" "" "existing and missing names are distinguished correctly all the time"
	# Once for the spelling of names, and once for the siblings of files.
	at_most "$(grep -c 'getdents64(.*) = 0' "$DIR/trace")" 2 "the names are read at most once for each purpose"
fi

# A case-sensitive filesystem with other aliases of names.
served /alias/PAID/a.bin PAID/a.bin "alias: the spelling of the directory"
refused /alias/paid/a.bin
for path in SECRET~1.KEY secret.key::\$DATA open::\$DATA/readme.txt $'cafe%CC%81.txt' PAID/a.bin::\$DATA PAID::\$DATA/a.bin; do
	refused "/alias/$path"
done
refused /alias/caf%C3%A9.txt
served /alias/open/readme.txt open/readme.txt "alias: a plain name"

for name in $KERNEL; do
	served "/$name/other.bin" other.bin "$name: the spelling of the directory"
	served "/$name/PAID/a.bin" PAID/a.bin "$name: a subdirectory"
	for path in SECRET.KEY OTHER.bin paid/a.bin PAID/A.bin paid/; do
		refused "/$name/$path"
	done
done

# A case-sensitive filesystem beside them.
refused /local/secret.key
refused /local/SECRET.KEY
refused /LOCAL/
finish
