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
# NAME-GLOB: the processor time of these threads in nanoseconds. The offload threads start when they are needed.
spent() {
	local thread ns sum=0
	for thread in $(threads "$1"); do
		read -r ns _ <"/proc/$PID/task/$thread/schedstat"
		sum=$((sum + ns))
	done
	echo $sum
}
reactor=$(threads 'ranged-r0')
before=$(spent 'ranged-r0')
for i in 1 2 3; do
	get /a.txt -u "alice:wrong$i"
	is "$STATUS" 401 "guess $i is rejected"
done
at_least "$(spent 'ranged-offload*')" $((4 * ($(spent 'ranged-r0') - before))) \
	"the offload threads compute the hashes: they use four times the processor time of the reactor, or more (ns)"
htpasswd -bB -C 5 "$DIR/users" bob new 2>/dev/null
advance 2
get /a.txt -u bob:new
is "$STATUS" 200 "a user of the changed file is accepted"
stop_ranged
at_least "$(grep -c "$DIR/users" "$DIR/trace")" 3 "the password file is read"
is "$(grep "^$reactor .*$DIR/users" "$DIR/trace")" "" "the reactor does not access the password file"
finish
