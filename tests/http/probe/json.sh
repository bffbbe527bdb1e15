#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe --json prints one object with the documented keys and plausible values.
# shellcheck disable=SC2016 # Perl's variables
. "$(dirname "$0")/../lib.sh"

[ "$(stat -f -c %T "$ROOT")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
run_probe --json --size 16M --seconds 1 "$ROOT"
is $RC 0 "the exit status is 0"
is "$(cat "$DIR/probe.err")" "" "nothing is printed to standard error"
is "$(probe_expression '[sort keys %$j]')" "alignment direct filesystem folder fsync_seconds io_submit limits lookups measurements nowait read_back \
recommended shortened verdict version warnings write" "the object has the documented keys"
is "$(probe_value folder)" "$ROOT" "the directory is correct"
is "$(probe_value write.bytes)" 16777216 "all bytes are written"
is "$(probe_value read_back.bytes)" 16777216 "all bytes are read back"
is "$(probe_value filesystem.type)" "$(findmnt -n -o FSTYPE -T "$ROOT" || probe_value filesystem.type)" \
	"the filesystem is correct"
like "$(probe_value verdict)" '^(well|with-care)$' "the verdict is one of the documented ones"
is "$(probe_value direct.kind)" real "O_DIRECT is supported"
like "$(probe_value alignment.offset)" '^(512|1024|2048|4096)$' "the alignment is plausible"
like "$(probe_value recommended.disk_depth)" '^(16|32|64|128)$' "the recommended disk_depth is plausible"
at_least "$(probe_value recommended.disk_inflight_bytes)" 16777216 "the recommended disk_inflight_bytes is plausible"
like "$(probe_value io_submit.blocks)" '^(never|sometimes|always)$' "io_submit.blocks is one of the documented values"
is "$(probe_expression '$j->{io_submit}{longest_us} >= $j->{io_submit}{p99_us} && $j->{io_submit}{p99_us} >= $j->{io_submit}{p50_us}')" 1 \
	"the percentiles of io_submit are in order"
at_least "$(probe_value nowait.reads)" 1 "RWF_NOWAIT is tested"
at_least "$(probe_expression 'scalar @{$j->{measurements}}')" 15 "there are at least 15 measurements"
is "$(probe_expression '[sort { $a <=> $b } keys %{{ map { $_->{read_bytes} => 1 } @{$j->{measurements}} }}]')" "4096 16384 65536 262144 1048576" \
	"five sizes are measured"
is "$(probe_expression 'scalar grep { !($_->{p99_us} >= $_->{p50_us} && $_->{p50_us} > 0 && $_->{bytes_per_s} > 0 && $_->{reads} >= $_->{depth}) }
	@{$j->{measurements}}')" 0 "none of them impossible"
is "$(probe_value limits.files_soft)" "$(ulimit -Sn | sed s/unlimited/null/)" "the limit of descriptors is correct"
is "$(find "$ROOT" -mindepth 1)" "" "no file is left behind"
finish
