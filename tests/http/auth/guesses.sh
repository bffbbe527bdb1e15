#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Many concurrent password guesses do not delay files without a password or users whose password is known. The queue of
# guesses is bounded: requests beyond its limit are answered with 429.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

files=(p/a.bin 1000)
for i in {1..16}; do files+=("open/$i.bin" 1000); done
make_file "${files[@]}"
htpasswd -bcB -C 10 "$DIR/users" alice right 2>/dev/null # a check takes 0.05 s or more
config 'offload_threads = 2' "location \"/p/\" { auth_file = \"$DIR/users\" }"
start_ranged
sockets=$(socket_count)
first=${EPOCHREALTIME/[.,]/}
get /p/a.bin -u alice:right
first=$(((${EPOCHREALTIME/[.,]/} - first) / 1000))
is "$STATUS" 200 "the right password is accepted"

# 60 connections, each of which tries many passwords.
for i in $(seq 400); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/p/a.bin"\nuser = "alice:guess%d"\noutput = "/dev/null"\n' "$URL" "$i"
done >"$DIR/guesses"
curl -s --parallel --parallel-immediate --parallel-max 60 --config "$DIR/guesses" 2>/dev/null &
guesser=$!
many() { [ "$(grep -c ' 429 ' "$DIR/access.log")" -ge 10 ]; }
ok "guesses are rejected with 429" await 20 many

failed=0 times=()
for i in {1..16}; do # none of these files was opened before
	start=${EPOCHREALTIME/[.,]/}
	get "/open/$i.bin"
	ms=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	[ "$STATUS" = 200 ] || failed=$((failed + 1))
	times+=("$ms")
done
mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
is "$failed" 0 "files without a password are served"
# Behind sixteen checks of one client, a request would take sixteen times as long as one check. On a busy machine this
# is more than 0.25 s.
quick=$((250 * RANGED_SLOW > 4 * first ? 250 * RANGED_SLOW : 4 * first))
at_most "${times[12]}" $quick "three of four requests take at most 0.25 s or four checks (longest ${times[15]} ms)"
get /p/a.bin -u alice:right
is "$STATUS" 200 "a known password is accepted"
kill $guesser 2>/dev/null
wait $guesser 2>/dev/null
ok "the queue becomes empty" await 60 sockets_at_most "$sockets"
stop_ranged
# The last guesses were abandoned, which is logged as 499.
is "$(awk '$7 == "/p/a.bin" && $9 != 499 { print $9 }' "$DIR/access.log" | sort -u | tr '\n' ' ')" '200 401 429 ' \
	"guesses are answered with 401 or 429"
finish
