#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a file is rewritten in place during a transfer, the transfer is aborted. No byte of the new version is sent as one
# of the old version.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 40000000 b.bin 40000000
cp "$ROOT/a.bin" "$DIR/old"
control_clock
start_ranged

for range in '' 'Range: bytes=1-\r\n' 'Range: bytes=0-19999999,30000000-\r\n'; do
	cat "$DIR/old" >"$ROOT/a.bin"
	age "$ROOT/a.bin"
	advance 2
	rm -f "$DIR"/client.*
	# shellcheck disable=SC2059
	printf "GET /a.bin HTTP/1.1\r\nHost: x\r\n${range}Connection: close\r\n\r\n" | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
	client=$!
	await 10 test -e "$DIR/client.reached"
	dd if="$ROOT/b.bin" of="$ROOT/a.bin" bs=1M conv=notrunc status=none
	# In the second and third round the mtime is restored, so only the ctime shows the change.
	[ -z "$range" ] || age "$ROOT/a.bin"
	touch "$DIR/client.go"
	wait $client
	like "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" '^20[06]-cut$' "[$range]: the transfer is aborted"
	# The received bytes are a prefix of the old version. In a multipart they follow the header of the first part.
	body=$DIR/1.body first=0 skip=0
	case $range in
	*bytes=1-*) first=1 ;;
	*,*) skip=$(perl -0777 -ne 'print 4 + index $_, "\r\n\r\n"' "$body") ;;
	esac
	length=$(($(size_of "$body") - skip))
	ok "[$range]: all $length received bytes are those of the old version" cmp -i "$first:$skip" -n $length "$DIR/old" "$body"
done
finish
