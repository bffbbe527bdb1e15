#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The servers of two FUSE filesystems do not answer. Requests for them are answered with 503: those that wait within
# disk_queue_timeout + 1 s, later ones at once. A root on a local disk is served as before. The filesystems are served
# again as soon as their servers answer. The log and the metrics report each change once.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../storage.sh"
. "$(dirname "$0")/../../http/admin.sh"

need_fuse
mkdir "$DIR/one" "$DIR/two" "$DIR/mount1" "$DIR/mount2"
fill() { # DIRECTORY
	ROOT=$1 make_file hot.bin 50000 warm.bin 50000 cold.bin 9000000
	mkdir "$1/new" "$1/dir" "$1/closed"
	for i in {1..400}; do echo "$i" >"$1/new/$i"; done
	touch "$1/dir/a" "$1/dir/b" "$1/closed/a"
}
fill "$ROOT"
fill "$DIR/one"
fill "$DIR/two"
start_mirror "$DIR/one" "$DIR/mount1"
one=$MIRROR
start_mirror "$DIR/two" "$DIR/mount2"
two=$MIRROR
# A calibration would read the local disk while its latency is measured.
config "disk_queue_timeout = $QUEUE_TIMEOUT" 'disk_depth = 32' 'listing = true' 'max_connections_per_client = 0' 'open_file_cache = 32' \
	"site \"one\" { root = \"$DIR/mount1\" }" "site \"two\" { root = \"$DIR/mount2\" }"
control_clock
start_with_admin

# FIRST: prints 60 paths of six kinds. The names new/FIRST... are requested for the first time.
paths() {
	local i
	for ((i = 0; i < 10; i++)); do echo "/hot.bin /cold.bin?$i /new/$(($1 + i)) /dir/ /closed/?$1.$i /absent.$1.$i"; done
}
# FIRST OUT: sends 240 requests of four kinds to the local root, one after the other. Times are in us.
load_local() {
	local i path next=
	for ((i = 0; i < 60; i++)); do
		for path in "/hot.bin 0-" "/new/$(($1 + i)) 0-" "/dir/ 0-" "/cold.bin $(((i * 2 + $1 % 2) * 70000))-$(((i * 2 + $1 % 2) * 70000 + 9999))"; do
			printf '%surl = "%s%s"\nrange = %s\noutput = /dev/null\nmax-time = 2\n' "$next" "$URL" "${path% *}" "${path#* }"
			printf 'write-out = "%%{http_code} %%{time_total} - %s\\n"\n' "${path% *}"
			next=$'next\n'
		done
	done >"$DIR/local.curls"
	curl -s --fail-early --config "$DIR/local.curls" | awk '{ $2 = int($2 * 1000000); print }' >"$2"
}
for host in x one two; do
	for path in /hot.bin /warm.bin /dir/; do served $host $path; done
	get_range 0-9 /cold.bin -H "Host: $host"
done
load_local 1 "$DIR/before"
threads=$(thread_count)
fds=$(fd_count)
advance 2 # All names must be looked up again.
hang "$one" "$two"
# shellcheck disable=SC2046
ask_all one $(paths 1) >"$DIR/one.first" &
first=$!
# shellcheck disable=SC2046
ask_all two $(paths 1) >"$DIR/two.first" &
second=$!
load_local 102 "$DIR/during"
wait $first $second
all_rejected "requests that wait when the server stops" "$DIR/one.first" 60 "$LATE"
all_rejected "the second filesystem" "$DIR/two.first" 60 "$LATE"
for host in one two; do
	# shellcheck disable=SC2046
	ask_all $host $(paths 201) >"$DIR/$host.later"
	all_rejected "later requests for $host" "$DIR/$host.later" 60 "$AT_ONCE"
done
head_of /hot.bin -H 'Host: one'
is "$STATUS" 503 "HEAD is answered with 503"

is "$(statuses "$DIR/before")" "200*60 206*180" "the local root is served before the stall"
is "$(statuses "$DIR/during")" "200*60 206*180" "all requests for the local root are served"
for path in hot.bin new dir cold.bin; do
	before=$(percentile "$DIR/before" 99 "/$path") during=$(percentile "$DIR/during" 99 "/$path")
	limit=$(seconds 250000) # half of disk_queue_timeout
	diag "$path: p99 $before us before, $during us during the stall"
	# Twice the latency, or half of disk_queue_timeout: a request that waits for the storage takes all of it.
	at_most "$during" $((before * 2 > limit ? before * 2 : limit)) "the latency of $path remains (us)"
done

device() { stat -c '%Hd:%Ld' "$1"; }
local_device=$(device "$DIR/www")
mapfile -t hung < <(awk -v one="$DIR/mount1" -v two="$DIR/mount2" '$5 == one || $5 == two { print $3 }' /proc/self/mountinfo)
take_numbers
for device in "${hung[@]}"; do
	is "$(metric "ranged_device_stalled{device=\"$device\"}")" 1 "the metrics show that $device is stalled"
	is "$(metric "ranged_device_stalls_total{device=\"$device\"}")" 1 "one stall of $device is counted"
	at_least "$(metric "ranged_device_lookups_rejected_total{device=\"$device\"}")" 60 "rejected lookups of $device are counted"
	ok "one line of the log reports the stall of $device" logged "error: device $device: does not respond" 1
done
is "$(metric "ranged_device_stalled{device=\"$local_device\"}")" 0 "the local disk is not stalled"
at_most "$(thread_count)" $((threads + 2 * (4 + 4))) "each filesystem has at most four offload threads and four probes"

heal "$one"
ok "the first filesystem is served again" await 2 served one /hot.bin
ok "the second one is not" rejected two /hot.bin
heal "$two"
ok "the second filesystem is served again" await 2 served two /hot.bin
for host in one two; do
	# shellcheck disable=SC2046
	ask_all $host $(paths 301 | sed 's|/absent[^ ]*||') >"$DIR/$host.after"
	all_served "after the stall, $host" "$DIR/$host.after" 50
done
cmp_whole hot.bin "the bytes are those of the file"
ok "the log reports the end of each stall" await 2 logged 'device .*: responds again after' 2
ok "the number of descriptors has not grown" await 5 fds_at_most $((fds + 8))
finish
