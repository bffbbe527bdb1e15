#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe needs no root: any user may measure a folder that he may write to, and is told of one that he may not.
. "$(dirname "$0")/../lib.sh"

if [ "$(id -u)" = 0 ]; then
	need_cmd setpriv
	PREFIX=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
	"${PREFIX[@]}" test -x "$RANGED_PROBE" || skip_all "nobody may not reach $RANGED_PROBE"
fi
[ "$(stat -f -c %T "$ROOT")" != tmpfs ] || skip_all "the current folder is on a tmpfs"
mkdir -m 777 "$DIR/open"
mkdir "$DIR/closed"
perl "$LIB/pattern.pl" "$DIR/closed" big.bin 5000000
chmod 555 "$DIR/closed"

run_probe --size 16M --seconds 1 --json "$DIR/open"
is $RC 0 "measures"
is "$(probe_value direct.kind)" real "O_DIRECT"
isnt "$(probe_value direct.page_cache_share)" null "the page cache is known"
is "$(find "$DIR/open" -mindepth 1)" "" "nothing is left"

run_probe --size 16M "$DIR/closed"
chmod 755 "$DIR/closed"
is $RC 73 "a folder that can't be written to"
like "$(cat "$DIR/probe.err")" "$DIR/closed: .*writable directory: Permission denied" "says so"
like "$(cat "$DIR/probe.err")" "$DIR/closed/big.bin: can be opened with O_DIRECT" "and what can be said of the files there"
finish
