#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hundred reloads during continuous requests of wrk and fifty long transfers: no request fails, no transfer is
# aborted, and the memory does not grow.
. "$(dirname "$0")/../lib.sh"

command -v wrk >/dev/null || skip_all "needs wrk"
make_file a.bin 4000 long.bin 20000000
config 'header = "X-Say: 0"'
start_ranged --workers 2
for i in $(seq 50); do
	curl -sS --limit-rate "$((4000000 / RANGED_SLOW))" -o "$DIR/long.$i" "$URL/long.bin" 2>"$DIR/curl.$i" & longs[i]=$!
done
under_way() { [ "$(socket_count)" -ge 50 ]; }
await 10 under_way
cat >"$DIR/sum.lua" <<'EOF'
function done(summary)
	local e = summary.errors
	io.write("sum ", summary.requests, " ", e.connect + e.read + e.write + e.status + e.timeout, "\n")
end
EOF
wrk -t 1 -c 8 -d "$(seconds 60)" -s "$DIR/sum.lua" "$URL/a.bin" >"$DIR/wrk" 2>&1 & wrk=$!
served() { grep -q a.bin "$DIR/access.log"; }
await 10 served
reload_to() {
	config "header = \"X-Say: $1\""
	reload_ranged
}
for i in $(seq 10); do reload_to "$i"; done
rss=$(rss_kib)
for i in $(seq 11 100); do reload_to "$i"; done
is "$(grep -c 'configuration reloaded' "$DIR/error.log")" 100 "a hundred reloads succeed"
get /a.bin
is "$(header X-Say)" 100 "the last configuration is in effect"
[ -n "$SANITIZED" ] || at_most "$(rss_kib)" $((rss + 2048)) "the memory does not grow after ten reloads (KiB)"
cut=0
for i in $(seq 50); do
	wait "${longs[i]}" && cmp -s "$DIR/long.$i" "$ROOT/long.bin" || cut=$((cut + 1))
done
is $cut 0 "none of fifty transfers is aborted"
kill -INT $wrk
wait $wrk
read -r _ requests failed < <(grep '^sum' "$DIR/wrk")
at_least "$requests" 1000 "wrk sends many requests"
is "$failed" 0 "no request of wrk fails"
few_fds() { fds_at_most 40; }
ok "descriptors are closed" await 20 few_fds
stop_ranged
finish
