#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ln, unlink of another name, chmod and chown change the ctime of a file but not its bytes. Transfers continue, and the
# cached extents remain valid.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 20000000 small.bin 100000
user=()
if [ "$(id -u)" = 0 ]; then
	need_cmd setpriv
	# Root without the capabilities that bypass file permissions.
	PREFIX=(setpriv --bounding-set='-dac_override,-dac_read_search')
	user=(chown)
fi
control_clock
start_ranged

change() {
	case $1 in
	ln) ln "$ROOT/$2" "$DIR/name" ;;
	unlink) rm "$DIR/name" ;;
	chmod) chmod 640 "$ROOT/$2" ;;
	chown) chown 0:1 "$ROOT/$2" ;;
	esac
}

get /small.bin
for how in ln unlink chmod "${user[@]}"; do
	rm -f "$DIR"/client.*
	printf 'GET /a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | wire -b 65536 -f 100000 -p "$DIR/client" >"$DIR/reply" &
	client=$!
	await 10 test -e "$DIR/client.reached"
	change "$how" a.bin
	touch "$DIR/client.go"
	wait $client
	is "$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/")" 200 "$how: the transfer continues"
	cmp_whole a.bin "$how: the transfer is complete" "$DIR/1.body"
done
read=$(read_bytes)
for how in ln chmod unlink "${user[@]}"; do
	[ "$how" != chmod ] || chmod 600 "$ROOT/small.bin"
	change "$how" small.bin
	case $how in ln | unlink) continue ;; esac # revalidated together with the next change
	advance 2                                  # until the file is revalidated
	get /small.bin
	is "$STATUS $(header ETag)" "200 $(etag_of "$ROOT/small.bin")" "$how: the tag does not change"
	cmp_whole small.bin "$how: the bytes are correct"
done
is "$(read_bytes)" "$read" "nothing was read from the disk again"

chmod 000 "$ROOT/small.bin"
advance 2
get /small.bin
is "$STATUS" 403 "a file that becomes unreadable is 403"
chmod 644 "$ROOT/small.bin"
get /small.bin
is "$STATUS" 200 "a file that becomes readable again is served"
is "$(read_bytes)" "$read" "it is served from the cache"
finish
