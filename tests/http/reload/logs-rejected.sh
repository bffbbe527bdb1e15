#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A log that can't be opened refuses the configuration at SIGHUP, and the logs are those that there were.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config "access_format = 'old %q'"
start_ranged
get /a.bin?1
fds=$(fd_count)
refused() { # NAME REGEX LINE...
	config "access_format = 'new %q'" "${@:3}"
	reload_ranged
	like "$(tail -n 2 "$DIR/error.log" | head -n 1)" "error: $2" "$1: is said"
	like "$(tail -n 1 "$DIR/error.log")" 'reload failed' "$1: is refused"
	ok "$1: nothing is left open" await 5 fds_at_most "$fds"
}
refused "no folder" "access_log: $DIR/absent/log: No such file" "site \"a\" { access_log = $DIR/good.log }" "site \"b\" { access_log = $DIR/absent/log }"
refused "a folder" "access_log: $DIR/www: Is a directory" "site \"b\" { access_log = $DIR/www }"
refused "something else is wrong" '.*/nowhere' "site \"a\" { access_log = $DIR/good.log }" 'site "c" { root = /nowhere }'
get /a.bin?2
config "access_format = 'new %q'"
reload_ranged
get /a.bin?3
stop_ranged
is "$(tr '\n' ' ' <"$DIR/access.log")" "old ?1 old ?2 new ?3 " "what held went on until a good one came"
is "$(cat "$DIR/good.log")" "" "nothing was written to those that were not taken"

LOGS=
config "error_log = \"$DIR/error.log\""
start_ranged
config 'error_log = "/nowhere/error.log"'
reload_ranged
like "$(tail -n 2 "$DIR/error.log" | head -n 1)" 'error: error_log: /nowhere/error.log: No such file' "an error log, too"
finish
