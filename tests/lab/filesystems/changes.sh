#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Changes of a file during a transfer, on each filesystem: rewriting the bytes aborts the transfer, even if the mtime is
# restored. chmod, ln, and a rename over the file do not. A file that grew before the request is served in its new size.
. "$(dirname "$0")/../lib.sh"

start_client() { # FILE
	rm -f "$DIR"/client.*
	printf 'GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$1" | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
	client=$!
	await 10 test -e "$DIR/client.reached"
}

end_client() { # sets STATUSES
	touch "$DIR/client.go"
	wait "$client"
	STATUSES=$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")
}

check_changes() { # NAME
	local name=$1 big=$ROOT/a.bin
	cp "$DIR/big" "$big"
	age "$big"
	start_ranged
	start_client a.bin
	chmod 640 "$big"
	ln "$big" "$ROOT/other.bin"
	end_client
	is "$STATUSES" 200 "$name: chmod and ln abort no transfer"
	cmp_whole "$DIR/big" "$name: the transfer is complete" "$DIR/1.body"
	cp "$DIR/big" "$ROOT/d.bin"
	age "$ROOT/d.bin"
	start_client d.bin
	dd if=/dev/zero of="$ROOT/d.bin" bs=1M seek=18 count=1 conv=notrunc status=none
	age "$ROOT/d.bin"
	end_client
	is "$STATUSES" 200-cut "$name: rewriting aborts the transfer"
	# The layers of an overlay may be remote, so the file is revalidated once a second and before the last byte.
	[ "$name" = overlayfs ] || ok "$name: all received bytes are those of the old version" cmp -n "$(size_of "$DIR/1.body")" "$DIR/big" "$DIR/1.body"

	cp "$DIR/big" "$ROOT/b.bin"
	cp "$DIR/big" "$ROOT/next"
	age "$ROOT/b.bin"
	start_client b.bin
	mv "$ROOT/next" "$ROOT/b.bin"
	end_client
	is "$STATUSES" 200 "$name: a rename over the file aborts no transfer"
	cmp_whole "$DIR/big" "$name: the transfer of the old file is complete" "$DIR/1.body"

	cp "$DIR/big" "$ROOT/c.bin"
	age "$ROOT/c.bin"
	get_range 0-1048575 /c.bin
	printf x >>"$ROOT/c.bin"
	get /c.bin
	is "$STATUS $RC $(header Content-Length)" "200 0 20000001" \
		"$name: a file that grew before the request is served completely"
	stop_ranged
	rm "$ROOT"/*.bin
}

make_file big 20000000
mv "$ROOT/big" "$DIR/big"
for kind in ext4 xfs btrfs; do
	command -v "mkfs.$kind" >/dev/null || continue
	quiet=(-q)
	[ $kind != ext4 ] || quiet=(-q -F)
	make_filesystem "$DIR/image" 320M 512 "mkfs.$kind" "${quiet[@]}"
	check_changes $kind
	umount "$ROOT"
	rm "$DIR/image"
done
mount -t tmpfs none "$ROOT"
check_changes tmpfs
umount "$ROOT"
if [ "$(stat -f -c %T "$DIR")" != tmpfs ]; then
	mkdir "$DIR/lower" "$DIR/upper" "$DIR/work"
	mount -t overlay overlay -o "lowerdir=$DIR/lower,upperdir=$DIR/upper,workdir=$DIR/work" "$ROOT" && check_changes overlayfs
fi
finish
