#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGHUP changes the logs: their files, their formats and the level. Lines of earlier requests are in the old files.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
LOGS=
names() { # ERROR-LOG LEVEL ACCESS-LOG FORMAT SITE-LINE
	config "error_log = \"$DIR/$1\"" "log_level = $2" "access_log = \"$DIR/$3\"" "access_format = '$4'" "$5"
}
took() { grep -q 'configuration reloaded' "$DIR/$1"; }
open_as() { find "/proc/$PID/fd" -lname "$DIR/$1" | wc -l; }
closed() { [ "$(open_as "$1")" = 0 ]; }
# NAME COUNT [CURL-OPTION...]: sends this many requests, each over its own connection.
ask() { curl -sS -o "$BODY" -H 'Connection: close' "${@:3}" "$URL/a.bin?$1[1-$2]"; }

names error.log info one.log 'one %q' "site \"b.example\" { access_log = \"$DIR/b.log\" }"
start_ranged --workers 2
ask first 30
ask b 30 -H 'Host: b.example'
names other.log warning two.log 'two %q' 'site "b.example" { access_format = "b %q" }'
kill -HUP "$PID"
ok "the old access logs are closed" await 5 closed '*[eb].log'
ok "the old error log is closed" await 5 closed error.log
is "$(open_as other.log) $(open_as two.log)" "1 1" "the new logs are open"
# The lines of two workers may be in another order.
is "$(sort -u "$DIR/one.log" | wc -l) $(grep -cx 'one ?first[0-9]*' "$DIR/one.log")" "30 30" "the last lines of the old log are written"
is "$(sort -u "$DIR/b.log" | wc -l) $(grep -cx 'one ?b[0-9]*' "$DIR/b.log")" "30 30" "the last lines of a removed log are written"
not_ok "a message below the level warning is not logged" took other.log

ask second 3
ask b 1 -H 'Host: b.example'
names other.log info two.log 'three %q' ''
kill -HUP "$PID"
ok "with a lower level the message is logged" await 5 took other.log
ask third 2
mv "$DIR/two.log" "$DIR/two.log.1"
mv "$DIR/other.log" "$DIR/other.log.1"
kill -USR1 "$PID"
ok "a rotation reopens the access log" await 5 test -e "$DIR/two.log"
ok "a rotation reopens the error log" await 5 test -e "$DIR/other.log"
ask fourth 1
stop_ranged
is "$(tr '\n' ' ' <"$DIR/two.log.1")" "two ?second1 two ?second2 two ?second3 b ?b1 three ?third1 three ?third2 " \
	"a log of both configurations continues, with another format"
is "$(cat "$DIR/two.log")" "three ?fourth1" "after the rotation lines go to the new file"
is "$(wc -l <"$DIR/one.log")" 30 "the old log gets no other lines"
like "$(cat "$DIR/other.log")" 'info: stopped' "the error log is complete"
is "$(cat "$DIR/stderr.1")" "" "nothing is written to standard error"
finish
