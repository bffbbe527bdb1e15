#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# log_format = json: each line of the error log is a JSON object, whatever it is about: hostile names, suppressed
# messages, lost lines of the access log, reloads. So is each line of an access log beside it.
. "$(dirname "$0")/../lib.sh"
need_cmd python3

hostile=(plain 'a"b\c' $'new\nline' $'bell\a\x1b[31m' $'latin-\xe9' $'\xe2\x80\xa8separators\xe2\x80\xa9' $'\xed\xa0\x80 surrogate' '€…𝄞')
for name in "${hostile[@]}"; do mkdir -p "$ROOT/$name"; done
make_file a.bin 1000
config 'log_format = json' 'log_level = debug' 'access_format = json' 'limits_dry_run = true' 'requests_per_client = 1'
control_clock
start_ranged

# Requests that each log a message with the path of the request. The limit of one message a second suppresses others.
for name in "${hostile[@]}"; do
	encoded=
	for ((i = 0; i < ${#name}; i++)); do
		printf -v code %d "'${name:i:1}"
		printf -v byte %%%02x $((code & 255))
		encoded+=$byte
	done
	agent=${name//$'\n'/}
	curl -sS -g -o "$BODY" -o "$BODY" -o "$BODY" -A "$agent" -e "$agent" "$URL/$encoded/x" "$URL/$encoded/x" "$URL/$encoded/x"
	advance 1.1
done
get /plain/x -A $'a\nb' # libmicrohttpd rejects the request, and logs a debug message
kill -USR2 "$PID"
ok "SIGUSR2 logs the statistics" await 5 grep -q '"message":"stats end"' "$DIR/error.log"
config 'log_format = json' 'unknown = "key"'
reload_ranged
config 'log_format = json' 'log_level = debug' 'access_format = json'
reload_ranged
rm "$DIR/access.log"
mkdir "$DIR/access.log"
kill -USR1 "$PID"
ok "a failure of the writer of a log is logged" await 5 grep -q '"message":"cannot reopen the log' "$DIR/error.log"
rmdir "$DIR/access.log"
stop_ranged

# FILE KEY...: checks that each line is an object with these keys, in valid UTF-8. Prints the errors.
check() {
	python3 - "$@" <<-'END'
		import json, re, sys
		path, keys = sys.argv[1], sys.argv[2:]
		for number, line in enumerate(open(path, 'rb').read().split(b'\n')[:-1], 1):
		    try:
		        value = json.loads(line.decode('utf-8'))
		        assert list(value) == keys or not keys, list(value)
		        assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', value['time']), value['time']
		        assert not any(byte < 32 for byte in line)
		    except Exception as error:
		        print(number, line, error)
	END
}
is "$(check "$DIR/error.log" time level message)" "" "each line of the error log is an object with time, level and message"
is "$(wc -c <"$DIR/stderr.1")" 0 "nothing else is written"
for level in info warning error debug; do ok "there are messages of the level $level" grep -q "\"level\":\"$level\"" "$DIR/error.log"; done
messages() { python3 -c 'import json, sys
for line in open(sys.argv[1], "rb"): print(json.loads(line)["message"].encode("unicode_escape").decode())' "$DIR/error.log"; }
messages >"$DIR/messages"
for text in '/a"b\\x5cc/x' '/new\nline/x' '/bell\x07\x1b[31m/x' '/latin-\\xe9/x' '/\u2028separators\u2029/x' '/\\xed\\xa0\\x80 surrogate/x' '/\u20ac\u2026\U0001d11e/x'; do
	ok "the message names the path $text" grep -qF -e "$text: limits_dry_run" "$DIR/messages"
done
ok "suppressed messages are counted" grep -q 'similar messages\? suppressed)$' "$DIR/messages"
ok "errors of the configuration are objects" grep -q 'ranged.conf:2: unknown key' "$DIR/messages"
if command -v jq >/dev/null; then
	is "$(jq -r .level "$DIR/error.log" | sort -u | tr '\n' ' ')" "debug error info warning " "jq reads all lines"
fi

# The lines on standard error, at a terminal or in a container, and for the journal with their priority.
config 'log_format = json' 'access_format = json'
LOGS=
start_ranged --access-log -
get '/a.bin?"' -A $'\xff\xe2\x80\xa8\x7f'
stop_ranged
is "$(check "$DIR/stderr.2")" "" "each line on standard error is an object, also those of the access log"
ok "the access log is among them" grep -q '"target":"/a.bin?\\"","version":"HTTP/1.1".*"user_agent":"\\\\xff' "$DIR/stderr.2"
rm "$DIR/address"
touch "$DIR/journal"
stream=$(stat -c %d:%i "$DIR/journal")
JOURNAL_STREAM=$stream "$RANGED" -c "$DIR/ranged.conf" --listen 127.0.0.1:0 -m 16M \
	--address-file "$DIR/address" "$ROOT" 2>"$DIR/journal" </dev/null &
PID=$!
ok "ranged starts with the journal" await 10 test -s "$DIR/address"
kill -TERM $PID
wait $PID
PID=
is "$(grep -vc '^<[3467]>{"time":"' "$DIR/journal")" 0 "a line for the journal begins with its priority"
sed 's/^<.>//' "$DIR/journal" >"$DIR/bare"
is "$(check "$DIR/bare" time level message)" "" "the entry of the journal is an object"

printf '%s\n' '# a comment' 'log_format = xml' >"$DIR/bad.conf"
like "$("$RANGED" --check -c "$DIR/bad.conf" "$ROOT" 2>&1 </dev/null)" 'bad\.conf:2: log_format: "xml" is not a valid value' "another value is rejected"
finish
