#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# On a filesystem that folds case or knows other aliases of a name, a file is served only under the spelling that its folder has: no other
# spelling passes by a rule.
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
cc -O2 -Wall -o "$DIR/foldfs" "$LAB/foldfs.c" $(pkg-config --cflags --libs fuse3) || exit
mkdir "$ROOT/fold" "$ROOT/alias" "$ROOT/local"
printf 'local' >"$ROOT/local/secret.key"
for kind in "case fold" "alias alias"; do
	# shellcheck disable=SC2086
	set -- $kind
	"$DIR/foldfs" "$1" "$SOURCE" "$ROOT/$2" -f </dev/null >"$DIR/$2.log" 2>&1 &
	await 10 mountpoint -q "$ROOT/$2" || exit
done
# What this kernel has itself.
KERNEL=
mount_image() { # NAME MKFS...: an image of that filesystem on $ROOT/NAME, with the same files
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
	is "$STATUS" 200 "$3"
	cmp_whole "$SOURCE/$2" "$3: its bytes"
}
refused() { # PATH [STATUS]
	get "$1"
	is "$STATUS" "${2:-404}" "$1"
}

served /fold/other.bin other.bin "as the folder spells it"
served /fold/open/deep/file.bin open/deep/file.bin "in folders below"
served /fold/12.34 12.34 "without a letter"
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
is "$STATUS" 301 "a folder without its slash"
served /fold/link/deep/file.bin open/deep/file.bin "a link leads where it leads, however that is spelled"
refused /fold/LINK/deep/file.bin
get /fold/open/readme.txt --compressed
is "$(header Content-Encoding)" "" "a variant in another spelling is none"
get /fold/index/
is "$(grep -c '<p>index</p>' "$BODY")" 0 "nor is an index"
get /fold/open/
like "$(cat "$BODY")" 'readme\.txt' "a listing"
refused /fold/OPEN/?format=json
get /fold/try
is "$STATUS" 404 "try: neither"
get /fold/open/ -H 'Accept: application/json'
is "$STATUS" 200 "a listing again"
like "$("$RANGED" --explain /fold/OTHER.BIN "$ROOT")" 'its directory has another spelling' "--explain says why"

# Renamed, and made anew, under a server that runs.
mv "$SOURCE/other.bin" "$SOURCE/OTHER.BIN"
gone() { get "$1"; [ "$STATUS" = 404 ]; }
ok "renamed: the former spelling ends" await 10 gone /fold/other.bin
served /fold/OTHER.BIN OTHER.BIN "and the new one is served"
printf 'new' >"$SOURCE/new.txt"
served /fold/new.txt new.txt "a new file at once"

# The names of a folder that stays as it is are not read again every second.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	touch -d '2020-02-02 02:02:02 UTC' "$SOURCE"
	served /fold/12.34 12.34 "a folder that has not changed for long"
	strace -f -o "$DIR/trace" -e trace=getdents64,openat2 -p "$PID" 2>"$DIR/strace.log" &
	STRACE=$!
	traced() { get /fold/12.34; [ -s "$DIR/trace" ]; }
	await 10 traced
	END=$((SECONDS + 3))
	while [ $SECONDS -lt $END ]; do
		get /fold/12.34
		[ "$STATUS" = 200 ] || break
		get /fold/99.99
		[ "$STATUS" = 404 ] || break
	done
	kill "$STRACE"
	wait "$STRACE" 2>/dev/null
	is "$SECONDS" "$END" "present and absent names are told apart all the time"
	at_most "$(grep -c 'getdents64(.*) = 0' "$DIR/trace")" 1 "its names are read once at most"
fi

# A filesystem that keeps case, and has other aliases.
served /alias/PAID/a.bin PAID/a.bin "alias: as the folder spells it"
refused /alias/paid/a.bin
for path in SECRET~1.KEY secret.key::\$DATA open::\$DATA/readme.txt $'cafe%CC%81.txt' PAID/a.bin::\$DATA PAID::\$DATA/a.bin; do
	refused "/alias/$path"
done
refused /alias/caf%C3%A9.txt
served /alias/open/readme.txt open/readme.txt "alias: as plain as can be"

for name in $KERNEL; do
	served "/$name/other.bin" other.bin "$name: as the folder spells it"
	served "/$name/PAID/a.bin" PAID/a.bin "$name: in a folder"
	for path in SECRET.KEY OTHER.bin paid/a.bin PAID/A.bin paid/; do
		refused "/$name/$path"
	done
done

# Beside them, and on the usual filesystem.
refused /local/secret.key
refused /local/SECRET.KEY
refused /LOCAL/
finish
