#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A log that cannot be opened makes the reload fail. The logs remain those of the old configuration.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config "access_format = 'old %q'"
start_ranged
get /a.bin?1
fds=$(fd_count)
refused() { # NAME REGEX LINE...
	config "access_format = 'new %q'" "${@:3}"
	reload_ranged
	like "$(tail -n 2 "$DIR/error.log" | head -n 1)" "error: $2" "$1: the reason is logged"
	like "$(tail -n 1 "$DIR/error.log")" 'reload failed' "$1: the reload fails"
	ok "$1: no descriptor remains open" await 5 fds_at_most "$fds"
}
refused "a missing directory" "access_log: $DIR/absent/log: No such file" "site \"a\" { access_log = $DIR/good.log }" "site \"b\" { access_log = $DIR/absent/log }"
refused "a directory" "access_log: $DIR/www: Is a directory" "site \"b\" { access_log = $DIR/www }"
refused "another error" '.*/nowhere' "site \"a\" { access_log = $DIR/good.log }" 'site "c" { root = /nowhere }'
get /a.bin?2
config "access_format = 'new %q'"
reload_ranged
get /a.bin?3
stop_ranged
is "$(tr '\n' ' ' <"$DIR/access.log")" "old ?1 old ?2 new ?3 " \
	"the old configuration remains in effect until a valid one is loaded"
is "$(cat "$DIR/good.log")" "" "the logs of the rejected configurations are empty"

LOGS=
config "error_log = \"$DIR/error.log\""
start_ranged
config 'error_log = "/nowhere/error.log"'
reload_ranged
like "$(tail -n 2 "$DIR/error.log" | head -n 1)" 'error: error_log: /nowhere/error.log: No such file' \
	"an error log that cannot be opened is reported"
finish
