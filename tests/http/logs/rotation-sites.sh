#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGUSR1 reopens the logs of all sites. A log whose directory is missing keeps its open file.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
mkdir "$DIR/gone"
config "access_format = '%U%q'" "site \"one.example\" { access_log = $DIR/one.log }" "site \"gone.example\" { access_log = $DIR/gone/log }"
start_ranged
ask_all() { for name in top one gone; do get "/a.bin?$1" -H "Host: $name.example"; done; }
ask_all before
for log in access one; do mv "$DIR/$log.log" "$DIR/$log.log.1"; done
mv "$DIR/gone" "$DIR/moved"
kill -USR1 "$PID"
ok "the log of the top level is reopened" await 5 test -e "$DIR/access.log"
ok "the log of a site is reopened" await 5 test -e "$DIR/one.log"
ok "a log that cannot be reopened is reported" await 5 grep -q "cannot reopen the log $DIR/gone/log: No such file" "$DIR/error.log"
ask_all after
stop_ranged
for log in access one; do
	is "$(cat "$DIR/$log.log.1") $(cat "$DIR/$log.log")" "/a.bin?before /a.bin?after" \
		"$log: each line is in the right file"
done
is "$(cat "$DIR/moved/log")" "/a.bin?before
/a.bin?after" "the old file remains in use"
finish
