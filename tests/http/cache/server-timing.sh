#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# server_timing adds a Server-Timing field with the disk time of the first bytes and their waiting time. Their sum is
# not more than the time that the client measures.
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$PWD")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
make_file a.bin 10007 big.bin 3000000 off/a.bin 10007
sync -f "$ROOT"
config 'server_timing = true' 'location "/off/" { server_timing = false }'
start_ranged
form='^disk;dur=([0-9]+\.[0-9]{3}), wait;dur=([0-9]+\.[0-9]{3})$'
for path in /a.bin /big.bin; do
	get $path -w '%{http_code} %{time_total}'
	timing=$(header Server-Timing)
	like "$timing" "$form" "$path: the field has the right form"
	[[ $timing =~ $form ]]
	disk=${BASH_REMATCH[1]} wait=${BASH_REMATCH[2]}
	ok "the disk time is more than 0" perl -e "exit !($disk > 0)"
	ok "the sum is less than the time of the client" perl -e "exit !($disk + $wait <= ${STATUS#* } * 1000)"
	for i in 1 2 3; do
		get $path
		is "$(header Server-Timing)" "disk;dur=0.000, wait;dur=0.000" \
			"a hit has no disk time and no waiting time, request $i"
	done
	cmp_whole "${path#/}"
done
get /off/a.bin
is "$STATUS $(header_count Server-Timing)" "200 0" "there is no Server-Timing unless it is configured"
finish
