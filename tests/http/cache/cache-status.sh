#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# cache_status: where the bytes came from (RFC 9211).
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current folder is on a tmpfs"
make_file a.bin 10007 big.bin 3000000 crowd.bin 60000001 off/a.bin 10007 never/a.bin 10007
make_variants a.bin.gz
sync -f "$ROOT"
config 'cache_status = true' 'location "/off/" { cache_status = false }' 'location "/never/" { cache = never }'
CACHE=64M
start_ranged --workers 1
says() { # EXPECTED PATH NAME CURL-OPTION...
	get "$2" "${@:4}"
	is "$(header Cache-Status)" "$1" "$3"
}
says "ranged; fwd=miss" /a.bin "a small file, cold"
for i in 1 2 3; do says "ranged; hit" /a.bin "then hot, time $i"; done
cmp_whole a.bin
says "ranged; hit" /a.bin "a range of it" -H 'Range: bytes=5-10'
says "ranged; fwd=miss" /a.bin "its variant is another one" -H 'Accept-Encoding: gzip'
says "ranged; fwd=miss" /big.bin "a long one, cold"
says "ranged; hit" /big.bin "then hot"
cmp_whole big.bin
says "ranged; hit" /big.bin "several ranges" -H 'Range: bytes=0-9,1000000-1000009'
is "$STATUS" 206 "in one answer"
says "ranged; fwd=miss" /never/a.bin "what is not kept"
says "ranged; fwd=miss" /never/a.bin "is never there"
says "" /a.bin "a 304 has no bytes" -H 'If-None-Match: *'
is "$STATUS" 304 "it is one"
says "" /absent "nor has an error"
says "" /off/a.bin "only where it is asked for"
for i in $(seq 30); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/crowd.bin"\nrange = "0-999999"\noutput = "/dev/null"\ndump-header = "%s"\n' "$URL" "$DIR/out.$i"
done >"$DIR/curls"
ok "30 at once" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max 30 --config "$DIR/curls"
is "$(cat "$DIR"/out.* | grep -c 'fwd=miss.$')" 1 "one of them reads"
is "$(cat "$DIR"/out.* | grep -ic '^cache-status')" 30 "all of them say"
at_least "$(cat "$DIR"/out.* | grep -cE 'fwd=miss; collapsed|; hit')" 29 "the others wait for it, or come later"
finish
