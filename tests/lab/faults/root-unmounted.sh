#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A root that was mounted over, unmounted, or whose storage does not answer; beside one that is not affected.
. "$(dirname "$0")/../lib.sh"
need_fuse

mkdir -p "$DIR/volume" "$DIR/beside" "$DIR/remote" "$DIR/source/www"
printf 'under the mount' >"$DIR/volume/a.bin"
printf 'beside' >"$DIR/beside/a.bin"
printf 'remote' >"$DIR/source/www/a.bin"
mount_volume() { mount -t tmpfs none "$DIR/volume" && printf '%s' "$1" >"$DIR/volume/a.bin"; }
mount_volume mounted || skip_all "may not mount"
: >"$DIR/control"
# shellcheck disable=SC2046
cc -O2 -Wall -o "$DIR/faultfs" "$LAB/faultfs.c" $(pkg-config --cflags --libs fuse3) || exit
"$DIR/faultfs" "$DIR/source" "$DIR/control" "$DIR/remote" -f -o entry_timeout=0,attr_timeout=0 </dev/null >"$DIR/faultfs.log" 2>&1 &
STORAGE=$!
trap 'kill -CONT "$STORAGE" 2>/dev/null; clean_up' EXIT
await 10 mountpoint -q "$DIR/remote" || exit
ROOT=
config "root = \"$DIR/volume\"" "site \"b.example\" { root = \"$DIR/beside\" }" "site \"c.example\" { root = \"$DIR/remote/www\" }"
start_ranged
has() { # HOST STATUS [TEXT]
	get /a.bin -H "Host: $1"
	[ "$STATUS" = "$2" ] && { [ $# -lt 3 ] || [ "$(cat "$BODY")" = "$3" ]; }
}
said_once() { [ "$(grep -c "$1" "$DIR/error.log")" = 1 ]; } # a thread of its own writes the log

ok "the mounted filesystem" has x 200 mounted
umount -l "$DIR/volume"
ok "unmounted: 503" await 5 has x 503
ok "it is logged once" await 5 said_once 'root .*/volume: its filesystem was unmounted; requests are answered with 503'
ok "and stays so" has x 503
mount_volume again
ok "mounted again" await 5 has x 200 again
ok "logged once" await 5 said_once 'root .*/volume: available again'
mount_volume over
ok "mounted over" await 5 has x 200 over
umount -l "$DIR/volume"
ok "unmounted, to another mount" await 5 has x 200 again
umount -l "$DIR/volume"
ok "unmounted again: 503" await 5 has x 503
reload_ranged
ok "SIGHUP: the folder that is there is what is meant" await 5 has x 200 'under the mount'

hang() { kill -STOP "$STORAGE" && await 10 grep -q "^State:.T" "/proc/$STORAGE/status"; }

# Storage that does not answer holds up its own root only.
ok "remote" has c.example 200 remote
hang
mv "$DIR/beside" "$DIR/former"
mkdir "$DIR/beside"
printf 'replaced' >"$DIR/beside/a.bin"
ok "another root is replaced meanwhile" await 5 has b.example 200 replaced
kill -CONT "$STORAGE"
ok "remote again" await 5 has c.example 200 remote

# The server of the storage dies, and another takes its place.
kill -KILL "$STORAGE"
wait "$STORAGE" 2>/dev/null
ok "dead: 503" await 5 has c.example 503
ok "which is logged" await 5 grep -qE "root .*/www: cannot look up the path: .*still serving" "$DIR/error.log"
umount -l "$DIR/remote"
ok "unmounted: its folder is not there" await 5 grep -q 'root .*/www: No such file' "$DIR/error.log"
"$DIR/faultfs" "$DIR/source" "$DIR/control" "$DIR/remote" -f </dev/null >"$DIR/faultfs.log" 2>&1 &
STORAGE=$!
await 10 mountpoint -q "$DIR/remote"
ok "mounted again: served" await 5 has c.example 200 remote

# Files of a filesystem that does not answer can't even be closed.
hang
kill -TERM "$PID"
ok "the server ends all the same" await 10 grep -qE 'exiting with' "$DIR/error.log"
kill -CONT "$STORAGE"
end_ranged
is $? 0 "with success"
finish
