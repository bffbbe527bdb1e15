#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Warming ends when its client disconnects or ranged stops. Files that change or cannot be read are skipped. Warming
# does not delay the stop.
. "$(dirname "$0")/../lib.sh"
. "$LIB/cache-ops.sh"

CACHE=256M
mkdir "$ROOT/many"
make_file a.bin 200000000 many/1 300000 many/3 300000
old a.bin many/1 many/3
config 'disk_depth = 1'
start_admin --workers 1

(curl -sSN -G -X POST --unix-socket "$SOCKET" --data-urlencode path=/a.bin http://localhost/cache/warm >"$DIR/lines") & client=$!
sleep 0.1
kill $client 2>/dev/null; wait $client 2>/dev/null
pending() { take_stats; [ "$(stat_of queued 'stats worker')" = 0 ] && [ "$(stat_of in_flight 'stats worker')" = 0 ]; }
ok "warming ends when its client disconnects" await 5 pending
get /a.bin -r 199000000-199999999
is "$STATUS" 206 "other clients are served"

# A young file: warming waits until its version can be cached.
echo "just now" >"$ROOT/many/2"
post /cache/warm /many
is "$CODE $(answer files) $(answer done_bytes) $(answer error)" "200 3 600009 -" \
	"warming waits until a young file can be cached"
is "$(resident /many/2)" 9 "the file is cached"

# The file changes while it is read.
post /cache/evict /
(for ((i = 0; i < 200; i++)); do printf x >>"$ROOT/a.bin"; sleep 0.02; done) & writer=$!
post /cache/warm /a.bin
like "$CODE $(answer 'done') $(answer error)" "^200 1 /a.bin: the file changed" \
	"a file that changes permanently is reported"
kill $writer; wait $writer 2>/dev/null
truncate -s 200000000 "$ROOT/a.bin"
old a.bin

post /cache/evict /
(curl -sSN -G -X POST --unix-socket "$SOCKET" --data-urlencode path=/a.bin http://localhost/cache/warm >"$DIR/lines") & client=$!
sleep 0.1
before=$SECONDS
stop_ranged
wait $client
at_most $((SECONDS - before)) "$(seconds 5)" "warming does not delay the stop"
finish
