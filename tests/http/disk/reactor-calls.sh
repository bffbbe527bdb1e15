#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No reactor thread opens or reads a served file with a system call that blocks. The data are read with io_submit,
# aligned.
. "$(dirname "$0")/../lib.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file a.bin 5000001 dir/b.bin 10007
make_text dir/index.html index
ln -s a.bin "$ROOT/link"
sync -f "$ROOT" # dirty pages would be written back in io_submit, so the offload threads would read them
CACHE=0
PREFIX=(strace -D -f -y -o "$DIR/trace" -e 'trace=open,openat,openat2,stat,statx,newfstatat,readlink,getdents64,read,readv,pread64,preadv,preadv2,sendfile,mmap,ioctl,fcntl,io_submit')
[ -z "$SANITIZED" ] || export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # leak detection does not work under ptrace
start_ranged --workers 2
reactors=$(threads 'ranged-r[0-9]*')
offloads=$(threads 'ranged-offload*')
is "$(echo "$reactors" | wc -w)" 2 "there are two reactor threads"
at_least "$(echo "$offloads" | wc -w)" 1 "there are offload threads"

for _ in 1 2; do
	get /a.bin
	cmp_whole a.bin
	for target in /dir/b.bin /dir/ /dir /link /absent /dir/b.bin/; do get $target; done
	get_range 4999-1234567 /a.bin
	get_range 0-0,100000-2000000 /a.bin
	sleep 0.6
done
stop_ranged
on_reactors() { # EXTENDED-REGEX: prints the matching calls of the reactor threads
	local thread
	for thread in $reactors; do grep -E "^$thread +($1)" "$DIR/trace"; done
}
is "$(on_reactors '(open|openat|readlink|getdents64|stat|newfstatat)\(')" "" "no reactor opens a file or reads a directory"
is "$(on_reactors 'openat2\(' | grep -vE 'O_PATH.*RESOLVE_CACHED')" "" "a reactor looks names up only in the dentry cache"
is "$(on_reactors '(read|readv|pread64|preadv|preadv2|sendfile|mmap)\(.*'"$ROOT")" "" "no reactor reads a served file"
is "$(on_reactors 'ioctl\(.*'"$ROOT")" "" "no reactor reads an extent map"
is "$(on_reactors 'statx\(' | grep -vE 'AT_STATX_DONT_SYNC.AT_EMPTY_PATH')" "" \
	"a statx call of a reactor refers to an open file and asks no server"
at_least "$(on_reactors 'io_submit' | wc -l)" 10 "the reactors call io_submit"
is "$(grep -cE "^[0-9]+ +(read|pread64|preadv|preadv2)\(.*$ROOT" "$DIR/trace")" 0 \
	"no other thread reads the served files"
numbers() { grep -oE "(aio_nbytes|iov_len|aio_offset)=[0-9]+" "$DIR/trace" | cut -d = -f 2; }
at_least "$(numbers | wc -l)" 20 "reads have lengths and offsets"
is "$(numbers | awk '$1 % 512')" "" "reads consist of whole sectors"
finish
