#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-probe needs no root privileges: any user can measure a directory with write permission. Other directories are
# reported.
. "$(dirname "$0")/../lib.sh"

if [ "$(id -u)" = 0 ]; then
	need_cmd setpriv
	PREFIX=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
	"${PREFIX[@]}" test -x "$RANGED_PROBE" || skip_all "the user nobody cannot run $RANGED_PROBE"
fi
[ "$(stat -f -c %T "$ROOT")" != tmpfs ] || skip_all "the current directory is on a tmpfs"
mkdir -m 777 "$DIR/open"
mkdir "$DIR/closed"
perl "$LIB/pattern.pl" "$DIR/closed" big.bin 5000000
chmod 555 "$DIR/closed"

run_probe --size 16M --seconds 1 --json "$DIR/open"
is $RC 0 "the exit status is 0"
is "$(probe_value direct.kind)" real "O_DIRECT is supported"
isnt "$(probe_value direct.page_cache_share)" null "the share of the page cache is known"
is "$(find "$DIR/open" -mindepth 1)" "" "no file is left"

run_probe --size 16M "$DIR/closed"
chmod 755 "$DIR/closed"
is $RC 73 "a directory without write permission: the exit status is 73"
like "$(cat "$DIR/probe.err")" "$DIR/closed: .*writable directory: Permission denied" "the message names the remedy"
like "$(cat "$DIR/probe.err")" "$DIR/closed/big.bin: can be opened with O_DIRECT" \
	"the report contains the results of existing files"
finish
