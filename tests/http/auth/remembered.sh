#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A verified password is remembered, so the second request is much faster. A wrong password and an unknown user name
# take as long as a right password.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd

make_file a.txt 100
htpasswd -bcB -C 13 "$DIR/users" alice right 2>/dev/null # takes half a second or more
config "auth_file = \"$DIR/users\""
start_ranged

timed() { # USER:PASSWORD: sets MS
	local start=${EPOCHREALTIME/[.,]/}
	get /a.txt -u "$1"
	MS=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
}
timed alice:right
first=$MS
is "$STATUS" 200 "the first request is accepted"
for _ in 1 2 3; do
	timed alice:right
	[ "$MS" -ge $((first / 3)) ] || break
done
is "$STATUS" 200 "the second request is accepted"
at_most "$MS" $((first / 3)) "the second request takes at most a third of the time ($first ms before)"

wrong=999999 unknown=999999
for i in 1 2 3; do # the shortest of three times, because other processes use this machine
	timed alice:wrong$i
	[ "$MS" -ge $wrong ] || wrong=$MS
	timed nobody:wrong$i
	[ "$MS" -ge $unknown ] || unknown=$MS
done
is "$STATUS" 401 "an unknown user name is rejected"
at_least "$unknown" $((wrong / 2)) "an unknown user name takes as long as a wrong password ($wrong ms)"
for _ in 1 2 3; do
	timed nobody:wrong3
	[ "$MS" -ge $((unknown / 3)) ] || break
done
at_most "$MS" $((unknown / 3)) "a repeated guess is remembered"
finish
