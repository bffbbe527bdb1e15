#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe --json prints one object with the documented keys, whose values can be.
# shellcheck disable=SC2016 # Perl's variables
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$ROOT")" != tmpfs ] || skip_all "the current folder is on a tmpfs"
run_probe --json --size 16M --seconds 1 "$ROOT"
is $RC 0 "status"
is "$(cat "$DIR/probe.err")" "" "nothing on stderr"
is "$(probe_expression '[sort keys %$j]')" "alignment direct filesystem folder fsync_seconds io_submit limits measurements nowait read_back \
recommended shortened verdict version warnings write" "the keys"
is "$(probe_value folder)" "$ROOT" "the folder"
is "$(probe_value write.bytes)" 16777216 "all was written"
is "$(probe_value read_back.bytes)" 16777216 "and read back"
is "$(probe_value filesystem.type)" "$(findmnt -n -o FSTYPE -T "$ROOT" || probe_value filesystem.type)" "the filesystem"
like "$(probe_value verdict)" '^(well|with-care)$' "the verdict"
is "$(probe_value direct.kind)" real "O_DIRECT"
like "$(probe_value alignment.offset)" '^(512|1024|2048|4096)$' "the alignment"
like "$(probe_value recommended.disk_depth)" '^(16|32|64|128)$' "a depth"
at_least "$(probe_value recommended.disk_inflight_bytes)" 16777216 "bytes in flight"
like "$(probe_value io_submit.blocks)" '^(never|sometimes|always)$' "whether io_submit blocks"
is "$(probe_expression '$j->{io_submit}{longest_us} >= $j->{io_submit}{p99_us} && $j->{io_submit}{p99_us} >= $j->{io_submit}{p50_us}')" 1 "its times are in order"
at_least "$(probe_value nowait.reads)" 1 "RWF_NOWAIT was tried"
at_least "$(probe_expression 'scalar @{$j->{measurements}}')" 15 "measurements"
is "$(probe_expression '[sort { $a <=> $b } keys %{{ map { $_->{read_bytes} => 1 } @{$j->{measurements}} }}]')" "4096 16384 65536 262144 1048576" "of five sizes"
is "$(probe_expression 'scalar grep { !($_->{p99_us} >= $_->{p50_us} && $_->{p50_us} > 0 && $_->{bytes_per_s} > 0 && $_->{reads} >= $_->{depth}) }
	@{$j->{measurements}}')" 0 "none of them impossible"
is "$(probe_value limits.files_soft)" "$(ulimit -Sn | sed s/unlimited/null/)" "the limit of descriptors"
is "$(find "$ROOT" -mindepth 1)" "" "nothing is left behind"
finish
