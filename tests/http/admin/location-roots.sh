#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The cache resources and cache_state name a file below the root of a location by the path of its URL.
. "$(dirname "$0")/../lib.sh"
. "$LIB/cache-ops.sh"

make_file main.bin 100000 isos/shadowed.bin 100000
mkdir -p "$DIR/isos/sub" "$DIR/state"
head -c 200000 /dev/urandom >"$DIR/isos/a.iso"
head -c 300000 /dev/urandom >"$DIR/isos/sub/b.iso"
head -c 50000 /dev/urandom >"$DIR/isos/never.iso"
touch -d '1 hour ago' "$ROOT/main.bin" "$ROOT/isos/shadowed.bin" "$DIR"/isos/*.iso "$DIR/isos/sub/b.iso"
config "cache_state = $DIR/state/list" "location \"/isos/\" { root = \"$DIR/isos\" }" \
	'location "/isos/never.iso" { cache = never }'
metric() { curl -sS --unix-socket "$SOCKET" http://localhost/metrics | sed -n "s/^ranged_$1 //p"; }
restored() { [ "$(metric cache_state_restoring)" = 0 ]; }
start_admin
await 10 restored

post /cache/warm /isos/
is "$CODE $(answer files) $(answer done_bytes)" "200 2 500000" "a walk of the location warms the files of its root"
is "$(resident /isos/a.iso) $(resident /isos/sub/b.iso)" "200000 300000" "/cache/hot names them by their URL"
post /cache/warm /isos/a.iso
is "$CODE $(answer path)" "200 /isos/a.iso" "one file can be warmed"
post /cache/warm /isos/shadowed.bin
is "$CODE" 404 "a file that the location hides is not found"
post /cache/warm /
is "$CODE $(answer files)" "200 1" "a walk of the main root leaves out the directory that the location replaces"
post /cache/pin /isos/sub
is "$CODE $(resident /isos/sub/b.iso pinned)" "200 1" "a directory of the location can be pinned"
post /cache/evict /isos/sub/b.iso
is "$CODE $(answer evicted_bytes) $(resident /isos/sub/b.iso)" "200 300000 0" "a file of the location is evicted"
get /isos/a.iso
ok "the bytes of the file are right" cmp "$BODY" "$DIR/isos/a.iso"
like "$(curl -sS --unix-socket "$SOCKET" http://localhost/status)" '"path":"/isos/a.iso"' "/status names the file by its URL"
like "$(curl -sS --unix-socket "$SOCKET" http://localhost/metrics)" "ranged_root_ready\\{root=\"$DIR/isos\"\\} 1" \
	"the metrics have the root of the location"
stop_ranged

start_admin
ok "the list is restored" await 10 restored
is "$(metric 'cache_state_files_total{result="restored"}')" 2 "files of both roots are restored"
is "$(resident /isos/a.iso) $(resident /main.bin)" "200000 100000" "they are in the cache"

# The storage of the location is lost.
mv "$DIR/isos" "$DIR/moved"
unavailable() { get /isos/a.iso; [ "$STATUS" = 503 ]; }
ok "while the root of the location is gone, its paths are answered with 503" await 10 unavailable
get /main.bin
cmp_whole main.bin "the main root is still served"
is "$(curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$SOCKET" http://localhost/readyz)" 200 "the process is ready"
mv "$DIR/moved" "$DIR/isos"
available() { get /isos/a.iso; [ "$STATUS" = 200 ]; }
ok "after its return, the paths are served again" await 10 available
ok "with the right bytes" cmp "$BODY" "$DIR/isos/a.iso"
finish
