#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A disk with 25 ms for each read. Short ranges across the border of two extents take no longer than those within one
# extent. A stream beside many short ranges has its share of the disk, and short ranges beside many streams have theirs.
# A client that reads contiguous extents gets no more than a client that reads scattered ones, also if both use the same
# proxy.
. "$(dirname "$0")/../lib.sh"

need_fuse
make_content() { make_file slow.bin 140000000; }
mount_faulty_disk "$ROOT/slow"
config 'disk_queue_timeout = 10s' 'disk_depth = 32' 'max_connections_per_client = 0' 'trusted_proxies = {"127.0.0.1"}' \
	'location "/" { cache = never }'
CACHE=16M
start_ranged --workers 1
head_of /slow/slow.bin
set_fault 25 0 0

# COUNT STEP SHIFT ADDRESS [BYTES]: prints COUNT requests of a proxy for ranges of 64 KiB (or BYTES), STEP bytes apart,
# beginning at SHIFT. At the end of the file the ranges begin again.
ranges() {
	awk -v url="$URL/slow/slow.bin" -v count="$1" -v step="$2" -v shift_by="$3" -v address="$4" -v bytes="${5:-65536}" 'BEGIN {
		for (i = 0; i < count; i++) {
			at = (i * step) % (530 * 262144) + shift_by
			printf "%surl = \"%s\"\nrange = \"%d-%d\"\nheader = \"X-Forwarded-For: %s\"\noutput = \"/dev/null\"\n", i ? "next\n" : "", url, at,
				at + bytes - 1, address
			printf "write-out = \"%%{http_code} %%{time_total} %%{size_download}\\n\"\n"
		} }'
}
# For a subshell, which becomes curl.
together() { exec stdbuf -oL curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max "$1" --config -; } # CONNECTIONS
percentile() { awk '{ print int($2 * 1000) }' "$1" | sort -n | awk -v part="$2" '{ list[NR] = $1 } END { print list[int((NR - 1) * part / 100) + 1] }'; }
sum_of() { awk '{ sum += $3 } END { print int(sum / 1024) }' "$1"; }
extent=262144 border=$((262144 - 32768))

ranges 240 $extent 98304 192.0.2.1 | together 48 >"$DIR/inner"
ranges 240 $extent $border 192.0.2.1 | together 48 >"$DIR/border"
diag "inside: p50 $(percentile "$DIR/inner" 50) ms, p99 $(percentile "$DIR/inner" 99) ms;" \
	"over a border: p50 $(percentile "$DIR/border" 50) ms, p99 $(percentile "$DIR/border" 99) ms"
is "$(cut -d ' ' -f 1,3 "$DIR/border" | sort | uniq -c | xargs)" '240 206 65536' "all ranges are served"
# A range across a border needs two reads, so at a given depth half as many ranges are in progress.
at_most "$(percentile "$DIR/border" 50)" "$(($(percentile "$DIR/inner" 50) * 2 + $(seconds 50)))" \
	"the median across a border is at most twice the median within an extent (ms)"
at_most "$(percentile "$DIR/border" 99)" "$(($(percentile "$DIR/inner" 99) * 2 + $(seconds 100)))" \
	"the 99th percentile across a border is at most twice the one within an extent (ms)"

# SECONDS NAME: measures the KiB that a stream gets in this time
stream() {
	exec curl -sS -o /dev/null --max-time "$1" -H 'X-Forwarded-For: 192.0.2.9' -w '200 0 %{size_download}\n' "$URL/slow/slow.bin" >"$DIR/$2" 2>/dev/null
}
# Ends all background jobs except ranged and the disk.
end_clients() {
	mapfile -t clients < <(jobs -p | grep -vx -e "$PID" -e "$FAULT_PID")
	kill "${clients[@]}" 2>/dev/null
	wait "${clients[@]}" 2>/dev/null
}

ranges 5000 $extent $border 192.0.2.1 >"$DIR/borders"
together 16 <"$DIR/borders" >"$DIR/crowd" 2>/dev/null &
await 10 test -s "$DIR/crowd"
(stream 2 beside)
end_clients
diag "a stream beside 16 readers of short ranges: $(($(sum_of "$DIR/beside") / 2)) KiB/s; they: $(($(sum_of "$DIR/crowd") / 2)) KiB/s"
at_least "$(sum_of "$DIR/beside")" $(($(sum_of "$DIR/crowd") / 8)) "a stream gets its share (KiB) while 16 readers of short ranges get $(sum_of "$DIR/crowd")"

for i in $(seq 12); do stream 9 "stream.$i" & done
ranges 60 $extent $border 192.0.2.1 | together 4 >"$DIR/few"
end_clients
diag "short ranges beside 12 streams: p50 $(percentile "$DIR/few" 50) ms, p99 $(percentile "$DIR/few" 99) ms"
at_most "$(percentile "$DIR/few" 50)" "$(seconds 100)" "short ranges beside streams have a short median (ms)"

# With a small depth. Contiguous extents are read together, up to four at once, and their client has many more
# connections.
stop_ranged
sed -i 's/disk_depth = 32/disk_depth = 4/' "$DIR/ranged.conf"
start_ranged --workers 1
ranges 60 $((7 * extent)) 0 192.0.2.2 $extent >"$DIR/scattered.in"
ranges 1000 $extent 0 192.0.2.1 $extent >"$DIR/contiguous.in"
together 48 <"$DIR/contiguous.in" >"$DIR/contiguous" 2>/dev/null &
await 10 test -s "$DIR/contiguous"
(together 4 <"$DIR/scattered.in" >"$DIR/scattered")
end_clients
diag "together: $(sum_of "$DIR/contiguous") KiB; here and there: $(sum_of "$DIR/scattered") KiB"
at_most "$(sum_of "$DIR/contiguous")" $(($(sum_of "$DIR/scattered") * 4)) "a client with 48 connections gets few KiB more while one with 4 gets $(sum_of "$DIR/scattered")"
stop_ranged
finish
