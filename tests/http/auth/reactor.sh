#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No reactor thread looks at the file of passwords, and none computes a hash: its time is not spent by checking many of them.
. "$(dirname "$0")/../lib.sh"
need_cmd htpasswd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"

make_file a.txt 100
htpasswd -bcB -C 12 "$DIR/users" alice right 2>/dev/null
config "auth_file = \"$DIR/users\""
PREFIX=(strace -D -f -o "$DIR/trace" -e 'trace=open,openat,openat2,stat,statx,newfstatat')
[ -z "$SANITIZED" ] || export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # which can't work under ptrace
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
	is "$STATUS" 401 "guess $i"
done
htpasswd -bB -C 5 "$DIR/users" bob new 2>/dev/null
advance 2
get /a.txt -u bob:new
is "$STATUS" 200 "a file that changed"
# shellcheck disable=SC2086
spent=$(ticks $offloads)
at_least "$spent" 50 "the offload threads compute (hundredths of a second)"
at_most "$(ticks "$reactor")" $((spent / 4)) "the reactor does not"
stop_ranged
at_least "$(grep -c "$DIR/users" "$DIR/trace")" 3 "the file is looked at"
is "$(grep "^$reactor .*$DIR/users" "$DIR/trace")" "" "not by the reactor"
finish
