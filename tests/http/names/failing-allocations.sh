#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Failing allocations while names are looked up, revalidated, evicted, and found to have changed: the response is the right
# one, 500, 503, an aborted one, or none. No memory is lost, and later responses are right.
. "$(dirname "$0")/../lib.sh"
need_cmd cc
[ -z "$SANITIZED" ] || skip_all "sanitizers have allocators of their own"
cc -O2 -Wall -shared -fPIC -o "$DIR/fail_alloc.so" "$LIB/fail_alloc.c" || exit

make_file a.bin 5000 closed.bin 100 beside/first.js 3000 alone/first.bin 3000 changing.bin 70000 undated.bin 500
gzip -cn "$ROOT/beside/first.js" >"$ROOT/beside/first.js.gz"
(cd "$ROOT" && sha256sum a.bin >a.bin.sha256 && printf tag >undated.bin.etag && touch -d @1 undated.bin)
# Names that have not been requested before. There are more than name_cache.
# shellcheck disable=SC2016
perl -e 'chdir $ARGV[0]; for (1000 .. 9000) { link "beside/first.js", "beside/$_.js"; link "beside/first.js.gz", "beside/$_.js.gz"; link "alone/first.bin", "alone/$_.bin" }' "$ROOT"
ln -s alone "$ROOT/link"
chmod 000 "$ROOT/closed.bin"
find "$ROOT" -name first.\* -exec touch -d "2020-02-02 02:02:02 UTC" {} +
config 'name_cache = 1024' 'open_file_cache = 1'
truncate -s 4096 "$DIR/control"
control_clock
PREFIX=(env FAIL_ALLOC="$DIR/control")
[ "$(id -u)" != 0 ] || PREFIX+=(setpriv --bounding-set='-dac_override,-dac_read_search')
PRELOADED=(env LD_PRELOAD="$DIR/fail_alloc.so:$PRELOADS")
CACHE=8M
start_ranged --workers 1

# Each replacement is another version, with the same bytes and the same tag.
cp -p "$ROOT/changing.bin" "$DIR/changing"
while [ ! -e "$DIR/stop" ]; do
	cp -p "$DIR/changing" "$ROOT/.next" && mv "$ROOT/.next" "$ROOT/changing.bin"
	sleep 0.01
done &
changes=$!

request() { printf '%s\n' "GET $1 HTTP/1.1\r\nHost: x${2:-}\r\nConnection: close\r\n\r\n"; }
cases=(
	known "$(request /a.bin)"
	changing "$(request /changing.bin)"
	"changing, a range" "$(request /changing.bin '\r\nRange: bytes=100-60000')"
	new "$(request /alone/%d.bin)"
	"new, only the variant" "$(request /beside/%d.js '\r\nAccept-Encoding: gzip, identity;q=0')"
	"known, only the variant" "$(request /beside/first.js '\r\nAccept-Encoding: gzip, identity;q=0')"
	"new, symbolic link" "$(request /link/%d.bin)"
	undated "$(request /undated.bin)"
	missing "$(request /alone/%d.none)"
	"missing directory" "$(request /none/%d/a.bin)"
	unreadable "$(request /closed.bin)"
	directory "$(request /alone)"
	"file as directory" "$(request /a.bin/x)"
)
run() { perl "$LIB/fail-alloc.pl" "$ADDRESS" "$DIR/control" "${cases[@]}" >"$DIR/wrong"; }
export TEST_CLOCK
run
tried=$(sed -n '$s/ answers$//p' "$DIR/wrong")
diag "$tried answers"
at_least "${tried:-0}" 100 "many allocations failed"
is "$(sed '$d' "$DIR/wrong" | tr -d '\r\0' | head -c 3000)" "" "no failing allocation changed a decision"
before=$(rss_kib)
for _ in 1 2 3; do run; done
is "$(sed '$d' "$DIR/wrong" | tr -d '\r\0' | head -c 3000)" "" "none did later"
at_most $(($(rss_kib) - before)) 1024 "no memory is lost (KiB)"
touch "$DIR/stop"
wait $changes
advance 2
for name in a.bin changing.bin alone/1000.bin alone/8999.bin beside/1500.js link/1001.bin; do
	get /$name
	is "$STATUS" 200 "$name is served"
	cmp_whole $name
done
get /beside/8999.js -H 'Accept-Encoding: gzip'
cmp_whole beside/first.js.gz "a variant is served"
get /none
is "$STATUS" 404 "a missing name is 404"
quiet() { take_stats && [ "$(stat_of in_use 'stats cache ') $(stat_of waiting 'stats cache ') $(stat_of in_flight 'stats device')" = "0 0 0" ]; }
ok "no extent is in use, and no read waits" await 20 quiet
finish
