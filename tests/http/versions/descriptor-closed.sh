#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The descriptor of a removed or replaced file is closed.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100000 b.bin 100000 c.bin 100000
control_clock
start_ranged
for name in a b c; do get "/$name.bin"; done

deleted() { find "/proc/$PID/fd" -lname "$ROOT/*(deleted)" 2>/dev/null | wc -l; }
none_deleted() { [ "$(deleted)" = 0 ]; }
rm "$ROOT/a.bin"
mv "$ROOT/c.bin" "$ROOT/b.bin"
at_least "$(deleted)" 0 "there may be descriptors of removed files"
advance 2
get /a.bin
is "$STATUS" 404 "the removed file is 404"
get /b.bin
is "$STATUS" 200 "the replaced file is served"
ok "the descriptors are closed when the paths are requested again" await 3 none_deleted

make_file d.bin 100000
get /d.bin
rm "$ROOT/d.bin"
advance 60
ok "the descriptor of a removed file is closed without another request" await 10 none_deleted
finish
