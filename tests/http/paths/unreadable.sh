#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An unreadable file is answered with 403.
. "$(dirname "$0")/../lib.sh"

make_file secret.bin 100 closed/a.bin 100
chmod 000 "$ROOT/secret.bin" "$ROOT/closed"
if [ "$(id -u)" = 0 ]; then
	need_cmd setpriv
	# Root without the capabilities that bypass file permissions.
	PREFIX=(setpriv --bounding-set='-dac_override,-dac_read_search')
fi
control_clock
start_ranged

for target in /secret.bin /closed/a.bin /closed/absent; do
	get $target
	is "$STATUS" 403 "$target is 403"
done
chmod 644 "$ROOT/secret.bin"
advance 2
get /secret.bin
is "$STATUS" 200 "the file is served after it becomes readable"
chmod 755 "$ROOT/closed"
finish
