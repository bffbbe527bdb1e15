#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Directories are read by the offload threads only.
. "$(dirname "$0")/../lib.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
make_file d/a 1 d/b 2 d/sub/c 3
ln -s a "$ROOT/d/link"
config 'listing = true'
PREFIX=(strace -D -f -y -o "$DIR/trace" -e 'trace=open,openat,openat2,stat,statx,newfstatat,readlink,getdents64,close')
[ -z "$SANITIZED" ] || export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # leak detection does not work under ptrace
start_ranged --workers 2
reactors=$(threads 'ranged-r[0-9]*')
for query in '' '?sort=size' '?format=json&limit=2'; do
	for _ in 1 2 3; do get "/d/$query"; done
	is "$STATUS" 200 "/d/$query is listed"
done
stop_ranged
at_least "$(grep -c 'getdents64(' "$DIR/trace")" 9 "the directory is read"
for thread in $reactors; do
	is "$(grep -E "^$thread +(open|openat|openat2|readlink|getdents64|stat|newfstatat|statx)\(" "$DIR/trace" |
		grep -vE 'RESOLVE_CACHED|AT_STATX_DONT_SYNC')" "" "no reactor reads the directory"
done
finish
