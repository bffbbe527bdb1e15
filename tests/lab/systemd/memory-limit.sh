#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A memory limit (MemoryMax= of the unit) below the needs of the configuration is reported at the start, before the
# kernel ends the process.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100000
if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
	group=/sys/fs/cgroup/memory/ranged-test-$$ limit=memory.limit_in_bytes
else
	group=/sys/fs/cgroup/ranged-test-$$ limit=memory.max
fi
limited() { mkdir "$group" && echo 300M >"$group/$limit"; }
limited 2>/dev/null || skip_all "cannot create a control group with a memory limit"
mkdir "$group/inner"
eval "$(declare -f clean_up_more | sed '1s/clean_up_more/unmount_all/')"
clean_up_more() {
	unmount_all
	rmdir "$group/inner" "$group"
}
# shellcheck disable=SC2016
PREFIX=(bash -c 'echo $$ >"$0/inner/cgroup.procs"; exec "$@"' "$group")

CACHE=
[ -z "$SANITIZED" ] || skip_all "a sanitizer needs many times the memory of ranged"
out=$("${PREFIX[@]}" "$RANGED" -l 127.0.0.1:0 -m 512M "$ROOT" 2>&1)
isnt $? 0 "a cache_size above the limit ends the start"
like "$out" 'cache_size needs 527 MiB, but the process may use only 300 MiB' "the message names both sizes"
start_ranged -m 128M
ok "a limit that may not suffice for all connections is reported" await 10 grep -q 'warning: the process may need up to 343 MiB' "$DIR/error.log"
ok "name_cache is lowered to its minimum" grep -q 'warning: name_cache is lowered from 1000000 to 16384, because' "$DIR/error.log"
stop_ranged

# 66 MiB for the cache, 144 MiB for connections, 64 MiB for the process: 26 MiB of 300 MiB are left.
: >"$DIR/error.log"
config '# the defaults'
start_ranged -m 64M
lowered='warning: name_cache is lowered from %s to 10[0-9]{4}, because the process may need up to %s MiB'
# shellcheck disable=SC2059
like "$(cat "$DIR/error.log")" "$(printf "$lowered" 1000000 518)" "names may use the memory that is left"
is "$(grep -c 'warning: the process may need' "$DIR/error.log")" 0 "with fewer names, the limit suffices"
config 'name_cache = 2000000'
reload_ranged
# shellcheck disable=SC2059
like "$(cat "$DIR/error.log")" "$(printf "$lowered" 2000000 762)" "a reload lowers name_cache, too"
stop_ranged

: >"$DIR/error.log"
config 'name_cache = 50000'
start_ranged -m 64M
is "$(grep -c 'MiB' "$DIR/error.log")" 0 "names that fit are not lowered"
finish
