#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# If a sandbox forbids a system call that ranged needs, the start fails with status 69 and a message that names the call
# and the remedy.
. "$(dirname "$0")/../lib.sh"
[ -z "$SANITIZED" ] || skip_all "the runtime of a sanitizer makes system calls of its own"

make_file a.bin 100
refuse() { # CALL ERRNO COMMAND...
	perl "$LIB/refuse.pl" "$@"
}
refuse getpid EPERM true
[ $? != 77 ] || skip_all "cannot set a seccomp filter"

# The start needs each of these calls, so it cannot succeed under the filter.
refused() { # CALL ERRNO [OPTION...]: sets OUT and STATUS
	OUT=$(refuse "$1" "$2" timeout "$(seconds 10)" "$RANGED" -m 16M -l 127.0.0.1:0 "${@:3}" "$ROOT" </dev/null 2>&1)
	STATUS=$?
}
calls="openat2 statx fstatfs getdents64 readlinkat dup3 io_setup io_submit io_getevents io_destroy eventfd2 signalfd4 \
	epoll_create1 epoll_ctl epoll_wait fcntl poll socket madvise sysinfo bind listen accept4 getsockname setsockopt recvfrom sendto sendmsg shutdown"
# One process sets all these filters, and prints a line for each start.
perl -MErrno -e '
	my ($refuse, $seconds, $calls, @command) = @ARGV;
	require "sys/syscall.ph";
	for my $case (map { ("$_ EPERM", "$_ ENOSYS") } split " ", $calls) {
		my $pid = open(my $out, "-|") // die "fork: $!";
		if (!$pid) {
			alarm $seconds;
			open STDERR, ">&STDOUT" or die;
			@ARGV = (split(" ", $case), @command);
			do $refuse;
			exit 1;
		}
		my $text = do { local $/; <$out> } // "";
		close $out;
		printf "%s %d %s\n", $case, $? & 127 ? 128 + ($? & 127) : $? >> 8, $text =~ tr/\n/ /r;
	}' "$LIB/refuse.pl" "$(seconds 10)" "$calls" "$RANGED" -m 16M -l 127.0.0.1:0 "$ROOT" </dev/null >"$DIR/starts"
for call in $calls; do
	for errno in EPERM ENOSYS; do
		read -r name number STATUS OUT
		is "$name $number $STATUS" "$call $errno 69" "$call, $errno: the exit status is 69"
		like "$OUT" "^ranged: refused system calls: $call \($errno\)\. " "$call, $errno: the call is named"
	done
done <"$DIR/starts"
refused openat2 EACCES
is "$STATUS" 69 "any error number is detected"
refused clone3 EPERM
is "$STATUS" 69 "clone3 must fail with ENOSYS, because the C library only falls back then"
like "$OUT" 'clone3 \(EPERM\)' "clone3 is named"
refused openat2 EPERM --check
is "$STATUS" 69 "--check exits with the same status"
like "$OUT" 'openat2.*seccomp.*SystemCallFilter=.*Docker' "--check names the call and the remedy"
refused getpid EPERM --check
is "$STATUS" 0 "a call that ranged does not need may be forbidden"

PREFIX=(perl "$LIB/refuse.pl" clone3 ENOSYS)
start_ranged
get /a.bin
cmp_whole a.bin "files are served without clone3"
stop_ranged

# The seccomp profile of podman refuses this call, which libaio of Debian 13 makes.
PREFIX=(perl "$LIB/refuse.pl" io_pgetevents EPERM)
start_ranged
get /a.bin
cmp_whole a.bin "files are served without io_pgetevents"
finish
