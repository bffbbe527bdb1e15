#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Somebody who guesses passwords, many at once, holds up neither files that need none nor those whose password is known; the line of
# guesses is bounded, and who has too many in it is told so.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file open/a.bin 1000 p/a.bin 1000
for i in $(seq 40); do make_file "open/$i.bin" 1000; done
htpasswd -bcB -C 11 "$DIR/users" alice right 2>/dev/null # a tenth of a second or more
config 'offload_threads = 2' "location \"/p/\" { auth_file = \"$DIR/users\" }"
start_ranged
sockets=$(socket_count)
first=${EPOCHREALTIME/[.,]/}
get /p/a.bin -u alice:right
first=$(((${EPOCHREALTIME/[.,]/} - first) / 1000))
is "$STATUS" 200 "who knows the password"

# 60 connections, each with guess after guess.
for i in $(seq 400); do
	[ "$i" = 1 ] || echo next
	printf 'url = "%s/p/a.bin"\nuser = "alice:guess%d"\noutput = "/dev/null"\n' "$URL" "$i"
done >"$DIR/guesses"
curl -s --parallel --parallel-immediate --parallel-max 60 --config "$DIR/guesses" 2>/dev/null &
guesser=$!
many() { [ "$(grep -c ' 429 ' "$DIR/access.log")" -ge 10 ]; }
ok "guesses are refused" await 20 many

failed=0 times=()
for i in $(seq 40); do # none of them was opened before
	start=${EPOCHREALTIME/[.,]/}
	get "/open/$i.bin"
	ms=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
	[ "$STATUS" = 200 ] || failed=$((failed + 1))
	times+=("$ms")
done
mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
is "$failed" 0 "files that need no password are served"
# Behind sixteen of one client they would take sixteen times as long as one check; on a busy machine that is more than the quarter.
quick=$((250 * RANGED_SLOW > 4 * first ? 250 * RANGED_SLOW : 4 * first))
at_most "${times[30]}" $quick "three of four within a quarter of a second, or four checks (longest ${times[39]} ms)"
get /p/a.bin -u alice:right
is "$STATUS" 200 "and so is who was in before"
kill $guesser 2>/dev/null
wait $guesser 2>/dev/null
ok "the line comes to its end" await 60 sockets_at_most "$sockets"
stop_ranged
is "$(awk '$7 == "/p/a.bin" { print $9 }' "$DIR/access.log" | sort -u | tr '\n' ' ')" '200 401 429 ' "wrong, or too many"
finish
