#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# No reactor thread opens or reads a served file by a call that blocks; the data come by io_submit, aligned.
. "$(dirname "$0")/../lib.sh"

need_cmd strace
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"
[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current folder is on a tmpfs"
make_file a.bin 5000001 dir/b.bin 10007
make_text dir/index.html index
ln -s a.bin "$ROOT/link"
sync -f "$ROOT" # what is dirty would be written back in io_submit, and so is read by the offload threads
CACHE=0
PREFIX=(strace -D -f -y -o "$DIR/trace" -e 'trace=open,openat,openat2,stat,statx,newfstatat,readlink,getdents64,read,readv,pread64,preadv,preadv2,sendfile,mmap,ioctl,fcntl,io_submit')
[ -z "$SANITIZED" ] || export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" # which can't work under ptrace
start_ranged --workers 2
reactors=$(threads 'ranged-r[0-9]*')
offloads=$(threads 'ranged-offload*')
is "$(echo "$reactors" | wc -w)" 2 "two reactor threads"
at_least "$(echo "$offloads" | wc -w)" 1 "offload threads"

for _ in 1 2; do
	get /a.bin
	cmp_whole a.bin
	for target in /dir/b.bin /dir/ /dir /link /absent /dir/b.bin/; do get $target; done
	get_range 4999-1234567 /a.bin
	get_range 0-0,100000-2000000 /a.bin
	sleep 0.6
done
stop_ranged
on_reactors() { # EXTENDED-REGEX: calls on these threads
	local thread
	for thread in $reactors; do grep -E "^$thread +($1)" "$DIR/trace"; done
}
is "$(on_reactors '(open|openat|openat2|readlink|getdents64|stat|newfstatat)\(')" "" "no reactor opens, or looks at a name"
is "$(on_reactors '(read|readv|pread64|preadv|preadv2|sendfile|mmap)\(.*'"$ROOT")" "" "no reactor reads a served file"
is "$(on_reactors 'ioctl\(.*'"$ROOT")" "" "no reactor walks an extent map"
is "$(on_reactors 'statx\(' | grep -v 'AT_EMPTY_PATH')" "" "a reactor's statx is of an open file"
at_least "$(on_reactors 'io_submit' | wc -l)" 10 "reactors submit"
is "$(grep -cE "^[0-9]+ +(read|pread64|preadv|preadv2)\(.*$ROOT" "$DIR/trace")" 0 "nobody else reads them either"
numbers() { grep -oE "(aio_nbytes|iov_len|aio_offset)=[0-9]+" "$DIR/trace" | cut -d = -f 2; }
at_least "$(numbers | wc -l)" 20 "lengths and offsets of reads"
is "$(numbers | awk '$1 % 512')" "" "of whole sectors"
finish
