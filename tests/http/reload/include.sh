#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A reload reads included files again, also new and removed ones. An error in one keeps the running configuration.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 10007
mkdir "$DIR/conf.d"
config 'include = "conf.d/*.conf"'
start_ranged
get /a.bin
is "$STATUS/$(header X-Say)" 200/ "no file is included yet"

echo 'header = "X-Say: one"' >"$DIR/conf.d/a.conf"
reload_ranged
get /a.bin
is "$(header X-Say)" one "a new file is in effect"

echo 'header = "X-Say: two"' >"$DIR/conf.d/a.conf"
reload_ranged
get /a.bin
is "$(header X-Say)" two "a changed file is in effect"

printf '\nheader = "X-Say"\n' >"$DIR/conf.d/a.conf"
reload_ranged
like "$(grep -B 1 'reload failed' "$DIR/error.log")" 'conf\.d/a\.conf:2: header: ' "the message names the line of the included file"
get /a.bin
is "$(header X-Say)" two "the running configuration stays in effect"

rm "$DIR/conf.d/a.conf"
reload_ranged
get /a.bin
is "$STATUS/$(header X-Say)" 200/ "a removed file is no longer in effect"
finish
