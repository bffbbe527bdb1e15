#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A limit of memory that is less than the configuration needs (MemoryMax= of the unit): said at the start, instead of the kernel's end of it.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100000
if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
	group=/sys/fs/cgroup/memory/ranged-test-$$ limit=memory.limit_in_bytes
else
	group=/sys/fs/cgroup/ranged-test-$$ limit=memory.max
fi
limited() { mkdir "$group" && echo 300M >"$group/$limit"; }
limited 2>/dev/null || skip_all "no control group with a limit of memory can be made"
mkdir "$group/inner"
eval "$(declare -f clean_up_more | sed '1s/clean_up_more/unmount_all/')"
clean_up_more() {
	unmount_all
	rmdir "$group/inner" "$group"
}
# shellcheck disable=SC2016
PREFIX=(bash -c 'echo $$ >"$0/inner/cgroup.procs"; exec "$@"' "$group")

CACHE=
[ -z "$SANITIZED" ] || skip_all "a sanitizer's own memory is many times ranged's"
out=$("${PREFIX[@]}" "$RANGED" -l 127.0.0.1:0 -m 512M "$ROOT" 2>&1)
isnt $? 0 "cache_size is more than the limit: refused"
like "$out" 'cache_size needs 527 MiB, but the process may use only 300 MiB' "and why"
start_ranged -m 128M
ok "with as many connections it may be too little" grep -q 'warning: the process may need up to 339 MiB' "$DIR/error.log"
finish
