#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A root that is mounted over or unmounted, or whose storage does not answer. Other roots are not affected.
. "$(dirname "$0")/../lib.sh"
need_fuse

mkdir -p "$DIR/volume" "$DIR/beside" "$DIR/remote" "$DIR/source/www"
printf 'under the mount' >"$DIR/volume/a.bin"
printf 'beside' >"$DIR/beside/a.bin"
printf 'remote' >"$DIR/source/www/a.bin"
mount_volume() { mount -t tmpfs none "$DIR/volume" && printf '%s' "$1" >"$DIR/volume/a.bin"; }
mount_volume mounted || skip_all "cannot mount"
start_mirror "$DIR/source" "$DIR/remote" -o entry_timeout=0,attr_timeout=0
ROOT=
config "root = \"$DIR/volume\"" "site \"b.example\" { root = \"$DIR/beside\" }" "site \"c.example\" { root = \"$DIR/remote/www\" }"
start_ranged
has() { # HOST STATUS [TEXT]
	get /a.bin -H "Host: $1"
	[ "$STATUS" = "$2" ] && { [ $# -lt 3 ] || [ "$(cat "$BODY")" = "$3" ]; }
}
said_once() { [ "$(grep -c "$1" "$DIR/error.log")" = 1 ]; } # the log is written by another thread

ok "a mounted filesystem is served" has x 200 mounted
umount -l "$DIR/volume"
ok "an unmounted filesystem is 503" await 5 has x 503
ok "the change is logged once" await 5 said_once 'root .*/volume: its filesystem was unmounted; requests are answered with 503'
ok "the root remains 503" has x 503
mount_volume again
ok "the filesystem is served after it is mounted again" await 5 has x 200 again
ok "the change is logged once" await 5 said_once 'root .*/volume: available again'
mount_volume over
ok "a filesystem that is mounted over it is served" await 5 has x 200 over
umount -l "$DIR/volume"
ok "the lower mount is served after the upper one is unmounted" await 5 has x 200 again
umount -l "$DIR/volume"
ok "the last unmounted filesystem is 503" await 5 has x 503
reload_ranged
ok "after SIGHUP the directory below the mount point is served" await 5 has x 200 'under the mount'

# Storage that does not answer affects only its own root.
ok "a remote root is served" has c.example 200 remote
hang "$MIRROR"
mv "$DIR/beside" "$DIR/former"
mkdir "$DIR/beside"
printf 'replaced' >"$DIR/beside/a.bin"
ok "another root is replaced while the storage does not answer" await 5 has b.example 200 replaced
heal "$MIRROR"
ok "the remote root is served again" await 5 has c.example 200 remote

# The server of the storage ends, and another one replaces it.
lose "$MIRROR"
ok "a root without its server is 503" await 5 has c.example 503
ok "the loss is logged once" await 5 said_once 'root .*/www: Transport endpoint is not connected; requests are answered with 503'
ok "the filesystem can be unmounted, although it was served" await 5 umount "$DIR/remote"
start_mirror "$DIR/source" "$DIR/remote"
ok "the root is served after it is mounted again" await 5 has c.example 200 remote

# Closing files of a filesystem that does not answer would block, too.
hang "$MIRROR"
kill -TERM "$PID"
ok "ranged stops in spite of that" await 10 grep -qE 'exiting with' "$DIR/error.log"
heal "$MIRROR"
end_ranged
is $? 0 "the exit status is 0"
finish
