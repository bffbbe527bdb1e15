#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A disk that takes 25 ms for each read. Short ranges over an extent's border take no longer than those inside one; a stream beside a crowd
# of them has its part of the disk, and they have theirs beside many streams. A client that reads what lies together gets no more than one
# that reads here and there, also when both come through one proxy.
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

# COUNT STEP SHIFT ADDRESS [BYTES]: that many ranges of 64 KiB, or of so many bytes, so far apart, from so far on, as a proxy asks for them. When
# the file ends, from its beginning.
ranges() {
	awk -v url="$URL/slow/slow.bin" -v count="$1" -v step="$2" -v shift_by="$3" -v address="$4" -v bytes="${5:-65536}" 'BEGIN {
		for (i = 0; i < count; i++) {
			at = (i * step) % (530 * 262144) + shift_by
			printf "%surl = \"%s\"\nrange = \"%d-%d\"\nheader = \"X-Forwarded-For: %s\"\noutput = \"/dev/null\"\n", i ? "next\n" : "", url, at,
				at + bytes - 1, address
			printf "write-out = \"%%{http_code} %%{time_total} %%{size_download}\\n\"\n"
		} }'
}
# Of a subshell, which becomes curl.
together() { exec stdbuf -oL curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max "$1" --config -; } # CONNECTIONS
percentile() { awk '{ print int($2 * 1000) }' "$1" | sort -n | awk -v part="$2" '{ list[NR] = $1 } END { print list[int((NR - 1) * part / 100) + 1] }'; }
sum_of() { awk '{ sum += $3 } END { print int(sum / 1024) }' "$1"; }
extent=262144 border=$((262144 - 32768))

ranges 240 $extent 98304 192.0.2.1 | together 48 >"$DIR/inner"
ranges 240 $extent $border 192.0.2.1 | together 48 >"$DIR/border"
diag "inside: p50 $(percentile "$DIR/inner" 50) ms, p99 $(percentile "$DIR/inner" 99) ms;" \
	"over a border: p50 $(percentile "$DIR/border" 50) ms, p99 $(percentile "$DIR/border" 99) ms"
is "$(cut -d ' ' -f 1,3 "$DIR/border" | sort | uniq -c | xargs)" '240 206 65536' "all are served"
# Twice the reads, of which the depth lets as many through.
at_most "$(percentile "$DIR/border" 50)" "$(($(percentile "$DIR/inner" 50) * 2 + $(seconds 50)))" "ms: half of the ranges over a border"
at_most "$(percentile "$DIR/border" 99)" "$(($(percentile "$DIR/inner" 99) * 2 + $(seconds 100)))" "ms: nearly all of them"

# SECONDS NAME: how many KiB a stream of its own client gets in that time.
stream() {
	exec curl -sS -o /dev/null --max-time "$1" -H 'X-Forwarded-For: 192.0.2.9' -w '200 0 %{size_download}\n' "$URL/slow/slow.bin" >"$DIR/$2" 2>/dev/null
}
# Ends what was started in the background, other than ranged and the disk.
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
at_least "$(sum_of "$DIR/beside")" $(($(sum_of "$DIR/crowd") / 8)) "KiB of a stream while 16 readers of short ranges have had $(sum_of "$DIR/crowd")"

for i in $(seq 12); do stream 9 "stream.$i" & done
ranges 60 $extent $border 192.0.2.1 | together 4 >"$DIR/few"
end_clients
diag "short ranges beside 12 streams: p50 $(percentile "$DIR/few" 50) ms, p99 $(percentile "$DIR/few" 99) ms"
at_most "$(percentile "$DIR/few" 50)" "$(seconds 100)" "ms: half of the short ranges beside streams"

# With few reads at once. Extents that lie together are read together, up to four at once; and who asks for them has many more connections.
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
at_most "$(sum_of "$DIR/contiguous")" $(($(sum_of "$DIR/scattered") * 4)) "KiB for a client with 48 connections, while one with 4 has had $(sum_of "$DIR/scattered")"
stop_ranged
finish
