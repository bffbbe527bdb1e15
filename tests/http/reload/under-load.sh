#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hundred reloads during continuous requests and fifty long transfers: no request fails, no transfer is aborted, and the
# memory does not grow.
. "$(dirname "$0")/../lib.sh"
. "$LIB/verify.sh"

make_file a.bin 4000 long.bin 20000000 paced/b.bin 2000000
config='location "/paced/" { rate = 50K }'
control_clock
config "$config" 'header = "X-Say: 0"'
start_ranged --workers 2
# The client limits the rate of the longer transfers, the server that of the others.
for i in {1..50}; do
	[ "$i" = 1 ] || echo next
	if [ "$i" -le 5 ]; then
		echo "long.bin 0 19999999" >&3
		printf 'url = "%s/long.bin"\nlimit-rate = %d\n' "$URL" $((4000000 / RANGED_SLOW))
	else
		echo "paced/b.bin 0 1999999" >&3
		printf 'url = "%s/paced/b.bin"\n' "$URL"
	fi
	printf 'output = "%s/out.%d"\n' "$DIR" "$i"
done >"$DIR/curls" 3>"$DIR/ranges"
curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 50 --config "$DIR/curls" 2>"$DIR/curl" & longs=$!
under_way() { [ "$(socket_count)" -ge 50 ]; }
await 10 under_way
VERIFIED=(a.bin)
run_verify requests=1000000 connections=8 pause=20 & load=$!
served() { grep -q a.bin "$DIR/access.log"; }
await 10 served
exec {log}<"$DIR/error.log"
logged() { # reads the lines that are new in the log
	while read -r line; do
		[[ $line != *'configuration reloaded'* ]] || return 0
	done
	return 1
} <&"$log"
reload_to() {
	config "$config" "header = \"X-Say: $1\""
	kill -HUP "$PID"
	await_server 10 logged
}
for i in {1..10}; do reload_to "$i"; done
rss=$(rss_kib)
for i in {11..100}; do reload_to "$i"; done
is "$(grep -c 'configuration reloaded' "$DIR/error.log")" 100 "a hundred reloads succeed"
get /a.bin
is "$(header X-Say)" 100 "the last configuration is in effect"
[ -n "$SANITIZED" ] || at_most "$(rss_kib)" $((rss + 2048)) "the memory does not grow after ten reloads (KiB)"
ok "long transfers are still in progress" kill -0 "$longs"
pkill -TERM -P "$load"
wait "$load"
at_least "$(verified requests)" 500 "many requests are sent"
is "$(verified wrong) $(verified 503) $(verified cut)" "0 0 0" "no other request fails"
advance 45 0.1
wait "$longs"
is "$? $(<"$DIR/curl")" "0 " "none of fifty transfers is aborted"
compare_ranges 50
few_fds() { fds_at_most 40; }
ok "descriptors are closed" await 20 few_fds
stop_ranged
finish
