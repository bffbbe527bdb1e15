#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Storage does not respond while the process stops: a FUSE filesystem without requests, with lookups, with a listing and
# with reads, and a disk with reads in flight. The parent reaps the process within drain_timeout + 2 s, with status 0.
. "$(dirname "$0")/../lib.sh"
need_fuse
[ -z "$SANITIZED" ] || skip_all "a sanitizer does not know the process that outlives this one"

mkdir -p "$DIR/source/dir" "$DIR/remote"
ROOT=$DIR/source
make_file a.bin 100000 dir/b.bin 10 c.bin 3000000
ROOT=$DIR/remote
start_mirror "$DIR/source" "$DIR/remote" -o entry_timeout=0,attr_timeout=0
connected() { [ "$(socket_count)" -ge "$1" ]; }

# NAME PATH...: stops while these paths are requested.
stop_with() {
	local name=$1 path before clients=() start
	config 'listing = true' 'drain_timeout = 500ms'
	start_ranged
	get /a.bin
	is "$STATUS" 200 "$name: files are served before"
	before=$(socket_count)
	"$HANG"
	for path in "${@:2}"; do
		curl -s -o /dev/null --max-time "$(seconds 20)" "$URL$path" & clients+=($!)
	done
	await 10 connected $((before + $# - 1))
	start=${EPOCHREALTIME//[.,]/}
	kill -TERM "$PID"
	end_ranged
	is $? 0 "$name: the exit status is 0"
	at_most $(((${EPOCHREALTIME//[.,]/} - start) / 1000)) $((2500 * RANGED_SLOW)) "$name: the process ends within drain_timeout + 2 s (ms)"
	[ ${#clients[@]} = 0 ] || wait "${clients[@]}"
	pass "$name: the connections are closed"
	"$HEAL"
}
hang_mirror() { hang "$MIRROR"; }
heal_mirror() { heal "$MIRROR"; }
HANG=hang_mirror HEAL=heal_mirror
stop_with "no requests"
stop_with "lookups" /x1 /x2 /x3
stop_with "a listing and reads" /dir/ /c.bin /c.bin
ROOT=$DIR/www
make_content() { make_file a.bin 100000 c.bin 3000000; }
mount_faulty_disk "$ROOT"
hang_disk() { set_fault -1 0 0; }
heal_disk() { set_fault 0 0 0; }
HANG=hang_disk HEAL=heal_disk
stop_with "a disk" /c.bin /c.bin
finish
