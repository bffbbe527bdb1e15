#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe names network filesystems, measures lookups, and says which keys to set.
# shellcheck disable=SC2016 # Perl expressions
. "$(dirname "$0")/../lib.sh"

need_cmd bindfs
[ -c /dev/fuse ] || skip_all "needs /dev/fuse"
source=$DIR/source
mkdir "$source"
ROOT=$source
make_file a.bin 100 b.bin 100 c.bin 100
run_probe --json --size 16M --seconds 1 "$ROOT"
is "$(probe_value lookups.network)" 0 "the local filesystem has no server"
is "$(probe_expression 'scalar grep { $_->{id} eq "lookups" } @{$j->{warnings}}')" 0 "no warning about lookups"
is "$(probe_value lookups.names)" 3 "the files of the directory are looked up"
at_least "$(probe_value lookups.present.warm)" 3 "existing names are looked up more than once"
is "$(probe_value lookups.present.cold)" 3 "each name is looked up for the first time"
at_least "$(probe_value lookups.absent.cold)" 10 "missing names are looked up"

ROOT=$DIR/www
bindfs -f "$source" "$ROOT" </dev/null >"$DIR/bindfs.log" 2>&1 &
FAULT_PID=$!
await 10 mountpoint -q "$ROOT" || skip_all "no bindfs"
run_probe --json --size 16M --seconds 1 "$ROOT"
is "$RC $(probe_value lookups.network)" "0 1" "FUSE has a server"
for kind in present absent open; do
	is "$(probe_expression '$j->{lookups}{'$kind'}{warm_p99_us} >= $j->{lookups}{'$kind'}{warm_p50_us} && $j->{lookups}{'$kind'}{warm_p50_us} > 0')" \
		1 "$kind: the percentiles are in order"
done
isnt "$(probe_value verdict)" well "the report has notes"
is "$(probe_expression '[map { $_->{id} } grep { $_->{id} =~ /^(lookups|server)$/ } @{$j->{warnings}}]')" "lookups server" \
	"there are warnings about lookups and about the server"
run_probe --size 16M --seconds 1 "$ROOT"
for word in revalidate "siblings = false" stale require disk_queue_timeout "a missing name"; do
	like "$(tr -s ' \n' ' ' <"$DIR/probe.out")" "$word" "the report mentions $word"
done
is "$(cd "$source" && echo *)" "a.bin b.bin c.bin" "no file is left behind"
finish
