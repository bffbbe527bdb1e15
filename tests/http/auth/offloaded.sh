#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The reactor threads neither stat the password file nor compute hashes. The offload threads do both.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"

make_file a.txt 100
htpasswd -bcB -C 12 "$DIR/users" alice right 2>/dev/null
config "auth_file = \"$DIR/users\""
PREFIX=(strace -D -f -o "$DIR/trace" -e 'trace=open,openat,openat2,stat,statx,newfstatat')
[ -z "$SANITIZED" ] || export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # leak detection does not work under ptrace
control_clock
start_ranged --workers 1
reactor=$(threads 'ranged-r0')
offloads=$(threads 'ranged-offload*')
ticks() { # THREAD...
	local thread sum=0
	for thread; do sum=$((sum + $(awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$PID/task/$thread/stat"))); done
	echo $sum
}
for i in 1 2 3 4 5 6; do
	get /a.txt -u "alice:wrong$i"
	is "$STATUS" 401 "guess $i is rejected"
done
htpasswd -bB -C 5 "$DIR/users" bob new 2>/dev/null
advance 2
get /a.txt -u bob:new
is "$STATUS" 200 "a user of the changed file is accepted"
# shellcheck disable=SC2086
spent=$(ticks $offloads)
at_least "$spent" 50 "the offload threads compute the hashes (hundredths of a second)"
at_most "$(ticks "$reactor")" $((spent / 4)) "the reactor uses little processor time"
stop_ranged
at_least "$(grep -c "$DIR/users" "$DIR/trace")" 3 "the password file is read"
is "$(grep "^$reactor .*$DIR/users" "$DIR/trace")" "" "the reactor does not access the password file"
finish
