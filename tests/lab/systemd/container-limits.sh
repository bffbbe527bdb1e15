#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# In a control group with a memory limit of 64M and a quota of one CPU, ranged chooses sizes that fit, and serves many
# connections without exceeding the limit.
. "$(dirname "$0")/../lib.sh"

[ -z "$SANITIZED" ] || skip_all "a sanitizer needs many times the memory of ranged"
need_cmd wrk
make_file a.bin 50000
make_file big.bin 20000000
group=ranged-test-$$
if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
	memory=/sys/fs/cgroup/memory/$group limit=memory.limit_in_bytes
	cpu=/sys/fs/cgroup/cpu/$group quota=cpu.cfs_quota_us one=100000 two=200000
else
	memory=/sys/fs/cgroup/$group limit=memory.max
	cpu=$memory quota=cpu.max one='100000 100000' two='200000 100000'
fi
limited() { mkdir -p "$memory" "$cpu" && echo 64M >"$memory/$limit" && echo "$one" >"$cpu/$quota"; }
eval "$(declare -f clean_up_more | sed '1s/clean_up_more/unmount_all/')"
clean_up_more() {
	unmount_all
	rmdir "$memory" "$cpu" 2>/dev/null
}
limited 2>/dev/null || { clean_up_more; skip_all "cannot create a control group with limits"; }
# shellcheck disable=SC2016
PREFIX=(bash -c 'echo $$ >"$0/cgroup.procs"; echo $$ >"$1/cgroup.procs"; shift; exec "$@"' "$memory" "$cpu")

CACHE=
OUT=$("${PREFIX[@]}" "$RANGED" --check "$ROOT")
like "$OUT" 'cache_size = 38M \(default: 60% of 64M, the memory limit of the control group\)' "--check shows the default of cache_size"
[ "$(nproc)" = 1 ] || like "$OUT" 'workers = 1 \(the CPU quota of the control group\)' "--check shows the number of workers"
OUT=$("${PREFIX[@]}" "$RANGED" --check -w 2 -m 50% "$ROOT")
like "$OUT" 'cache_size = 32M \(50% of 64M, ' "--check shows the size of a percentage"

config 'admin = {"unix:'"$DIR"'/admin"}'
start_ranged
size_is() { curl -s --unix-socket "$DIR/admin" http://localhost/metrics | grep -qx "ranged_cache_size_bytes $(($1 << 20))"; }
ok "the cache has 38 MiB" size_is 38
like "$(cat "$DIR/error.log")" 'info: cache_size = 38M' "the log has the size of the cache"
like "$(cat "$DIR/error.log")" ' with 1 worker' "one worker runs"
like "$(cat "$DIR/error.log")" 'warning: max_connections is lowered from 4096 to ' "max_connections is lowered"
wrk -t1 -c150 -d1 "$URL/a.bin" >/dev/null
wrk -t1 -c600 -d1 "$URL/big.bin" >/dev/null 2>&1
ok "the process has survived the load" running
get /big.bin
cmp_whole big.bin "a file is served after the load"

echo 96M >"$memory/$limit"
reload_ranged
ok "a reload follows the new limit" await 10 size_is 57
echo "$two" >"$cpu/$quota"
[ "$(nproc)" = 1 ] || { reload_ranged; like "$(cat "$DIR/error.log")" 'workers: changed; takes effect after a restart' "a new quota needs a restart"; }
finish
