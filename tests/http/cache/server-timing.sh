#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# server_timing: how long the disk took over the first bytes, and how long they waited besides; no more than the client waited.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current folder is on a tmpfs"
make_file a.bin 10007 big.bin 3000000 off/a.bin 10007
sync -f "$ROOT"
config 'server_timing = true' 'location "/off/" { server_timing = false }'
start_ranged
form='^disk;dur=([0-9]+\.[0-9]{3}), wait;dur=([0-9]+\.[0-9]{3})$'
for path in /a.bin /big.bin; do
	get $path -w '%{http_code} %{time_total}'
	timing=$(header Server-Timing)
	like "$timing" "$form" "$path: its form"
	[[ $timing =~ $form ]]
	disk=${BASH_REMATCH[1]} wait=${BASH_REMATCH[2]}
	ok "the disk took some time" perl -e "exit !($disk > 0)"
	ok "both together less than the client waited" perl -e "exit !($disk + $wait <= ${STATUS#* } * 1000)"
	for i in 1 2 3; do
		get $path
		is "$(header Server-Timing)" "disk;dur=0.000, wait;dur=0.000" "from memory: nothing, time $i"
	done
	cmp_whole "${path#/}"
done
get /off/a.bin
is "$STATUS $(header_count Server-Timing)" "200 0" "only where it is asked for"
finish
