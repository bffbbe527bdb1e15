#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Storage of cache_state that does not respond delays neither requests nor the stop, and a root that does not respond
# does not prevent the last list.
. "$(dirname "$0")/../lib.sh"

need_cmd bindfs
STORAGE=
eval "$(declare -f clean_up_more | sed '1s/clean_up_more/unmount_all/')"
clean_up_more() {
	[ -z "$STORAGE" ] || kill -KILL "$STORAGE" 2>/dev/null
	unmount_all
}
mount_bindfs() { # SOURCE TARGET: sets STORAGE
	bindfs -f "$1" "$2" </dev/null >"$DIR/bindfs.log" 2>&1 &
	STORAGE=$!
	await 10 mountpoint -q "$2" || skip_all "no bindfs"
}
hang() { kill -STOP "$STORAGE" && await 10 grep -q "^State:.T" "/proc/$STORAGE/status"; }
stop_ms() { # sets MS to the time that the stop takes
	MS=$(date +%s%3N)
	stop_ranged
	MS=$(($(date +%s%3N) - MS))
}

mkdir "$DIR/source" "$DIR/state"
make_file a.bin 100000
mount_bindfs "$DIR/source" "$DIR/state"
config "cache_state = $DIR/state/list" 'drain_timeout = 1s'
start_ranged
get /a.bin
hang
get /a.bin
cmp_whole a.bin "a request is answered while the storage of the list hangs"
stop_ms
at_most "$MS" $((3000 * RANGED_SLOW)) "the stop does not wait for this storage"
like "$(cat "$DIR/error.log")" 'warning: cache_state: the last list could not be written in time' "a warning says so"
start_ranged
get /a.bin
cmp_whole a.bin "a start does not wait for this storage"
stop_ms
at_most "$MS" $((3000 * RANGED_SLOW)) "the stop does not wait for a list that could not be read"
kill -KILL "$STORAGE"
wait "$STORAGE" 2>/dev/null
umount -l "$DIR/state"

mkdir "$DIR/files" "$DIR/local"
make_file b.bin 100000
mv "$ROOT/b.bin" "$DIR/files"
rm "$ROOT/a.bin"
mount_bindfs "$DIR/files" "$ROOT"
config "cache_state = $DIR/local/list" 'drain_timeout = 1s'
start_ranged
get /b.bin
hang
kill -TERM "$PID"
ok "the last list is written while a root does not respond" await 10 grep -q 'b\.bin' "$DIR/local/list"
kill -CONT "$STORAGE"
stop_ranged
finish
