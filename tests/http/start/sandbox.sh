#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A system call that a sandbox refuses is named at start, with what to do about it; ranged then exits 69 and serves nothing.
. "$(dirname "$0")/../lib.sh"
[ -z "$SANITIZED" ] || skip_all "the runtime of the sanitizers makes calls of its own"

make_file a.bin 100
refuse() { # CALL ERRNO COMMAND...
	perl "$LIB/refuse.pl" "$@"
}
refuse getpid EPERM true
[ $? != 77 ] || skip_all "may not set a seccomp filter"

# Each needs the call; so a start under the filter can't succeed.
refused() { # CALL ERRNO [OPTION...]: sets OUT and STATUS
	OUT=$(refuse "$1" "$2" timeout "$(seconds 10)" "$RANGED" -m 16M -l 127.0.0.1:0 "${@:3}" "$ROOT" </dev/null 2>&1)
	STATUS=$?
}
for call in openat2 statx fstatfs getdents64 readlinkat dup3 io_setup io_submit io_getevents io_destroy eventfd2 signalfd4 \
	epoll_create1 epoll_ctl epoll_wait fcntl poll socket madvise sysinfo bind listen accept4 getsockname setsockopt recvfrom sendto sendmsg shutdown; do
	for errno in EPERM ENOSYS; do
		refused $call $errno
		is "$STATUS" 69 "$call, $errno: status"
		like "$OUT" "^ranged: refused system calls: $call \($errno\)\. " "$call, $errno: is named"
	done
done
refused openat2 EACCES
is "$STATUS" 69 "another errno will do"
refused clone3 EPERM
is "$STATUS" 69 "clone3, which the C library only does without if it is ENOSYS"
like "$OUT" 'clone3 \(EPERM\)' "is named"
refused openat2 EPERM --check
is "$STATUS" 69 "--check: status"
like "$OUT" 'openat2.*seccomp.*SystemCallFilter=.*Docker' "--check names the call, and says what to do"
refused getpid EPERM --check
is "$STATUS" 0 "a call that ranged does not need"

PREFIX=(perl "$LIB/refuse.pl" clone3 ENOSYS)
start_ranged
get /a.bin
cmp_whole a.bin "without clone3 it serves"
finish
