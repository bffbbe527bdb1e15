#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A former name of a key is rejected, at the start, by --check and at a reload. The message gives the line and the new name.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
renamed() { # OLD NEW VALUE
	local message="ranged.conf:2: \"$1\" was renamed to \"$2\"" line
	for line in "$1 = $3" "site \"a\" { $1 = $3 }" "location \"/a\" { $1 = $3 }"; do
		config '# a comment' "$line"
		is "$("$RANGED" --check -c "$DIR/ranged.conf" "$ROOT" 2>&1 </dev/null)" "$DIR/$message" \
			"--check rejects: $line"
		reload_ranged
		like "$(tail -n 2 "$DIR/error.log" | head -n 1)" "error: .*$message" "a reload rejects: $line"
	done
	config "$2 = $3"
	ok "$2 is a key" "$RANGED" --check -c "$DIR/ranged.conf" "$ROOT"
}

config
start_ranged
renamed disk_latency disk_queue_timeout 1s
renamed disk_bytes disk_inflight_bytes 1M
renamed open_files open_file_cache 8
get /a.bin
cmp_whole a.bin "the running configuration serves requests"

config 'open_files = 8'
"$RANGED" -c "$DIR/ranged.conf" --listen 127.0.0.1:0 "$ROOT" 2>"$DIR/refused" </dev/null
is $? 78 "ranged does not start"
is "$(cat "$DIR/refused")" "$DIR/ranged.conf:1: \"open_files\" was renamed to \"open_file_cache\"" "the reason"
finish
