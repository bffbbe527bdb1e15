#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# zsync updates an old copy with many small ranges, and fetches little more than the new bytes.
. "$(dirname "$0")/lib.sh"

need_client zsync zsync
make_file new.img 8000000
serve
cd "$DIR" || exit 1
perl -e 'local $/; open my $in, "<:raw", $ARGV[0]; my $x = <$in>; substr($x, $_ * 190000 + 777, 3000) = "y" x 3000 for 1 .. 40; print $x' "$ROOT/new.img" >old.img
zsyncmake -q -C -u "$URL/new.img" -o "$ROOT/new.img.zsync" "$ROOT/new.img" || zsyncmake -u "$URL/new.img" -o "$ROOT/new.img.zsync" "$ROOT/new.img" 2>/dev/null
rm -f new.img
ok "zsync succeeds" zsync -q -i old.img -o new.img "$URL/new.img.zsync"
ok "the new file is correct" cmp "$ROOT/new.img" new.img
mark_log
sent=$(awk '$2 == "/new.img" { sum += $4 } END { print sum + 0 }' access.log)
at_most "$sent" 1000000 "few bytes are sent"
is "$(asked '^GET /new.img 200')" 0 "the file is never sent as a whole"
finish
