#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# zckdl updates an old copy with several ranges in a request. It needs exactly the parts that it requests.
. "$(dirname "$0")/lib.sh"

need_client zckdl zchunk
perl -e 'srand 3; for my $n (1 .. 60000) { print "package $n version ", int rand 1000, " ", join(",", map { int rand 1e6 } 1 .. 8), "\n" }' >"$DIR/v1"
perl -pe 's/version \d+/version 2000/ if $. % 997 == 0' "$DIR/v1" >"$DIR/v2"
cd "$DIR" || exit 1
zck -o v1.zck v1
zck -o "$ROOT/v2.zck" v2
serve
ok "zckdl succeeds" timeout "$(seconds 30)" zckdl -s v1.zck "$URL/v2.zck"
ok "the new file is correct" cmp "$ROOT/v2.zck" v2.zck
mark_log
at_least "$(asked '^GET /v2.zck 206 [0-9]+ bytes=[^ ]*,')" 1 "a request has several ranges"
is "$(asked '^GET /v2.zck 200')" 0 "the file is never sent as a whole"
finish
