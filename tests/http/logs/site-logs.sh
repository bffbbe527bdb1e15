#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# access_log and access_format of sites. A site inherits both from the top level. Sites that name the same file share
# one log.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 100
config "access_format = '%v %U'" \
	"site \"own.example\" { access_log = $DIR/own.log }" \
	"site \"form.example\" { access_format = 'form %U' }" \
	"site \"both.example\" { access_log = $DIR/own.log access_format = json }" \
	'site "quiet.example" { access_log = "" }' \
	'site "said.example" { access_log = stdout }'
start_ranged
for name in other own form both quiet said own; do get /a.bin -H "Host: $name.example"; done
ask 'GET /x HTTP/1.1\r\nHost: own.example\r\nHost: own.example\r\n\r\n'
stop_ranged
is "$(sort "$DIR/access.log")" "- /a.bin
- /x
form /a.bin" "the log of the top level has requests without a site, rejected requests, and those of a site with a format of its own"
is "$(sed '2s/{.*"site":"both.example".*}/json/' "$DIR/own.log")" "own.example /a.bin
json
own.example /a.bin" "the file of two sites, in order"
is "$(cat "$DIR/stdout")" "said.example /a.bin" "standard output is a log"
is "$(find /proc/self/fd "$DIR" -name '*quiet*')" "" "a site without an access log writes none"

start_ranged --access-log ''
get /a.bin
get /a.bin -H 'Host: form.example'
get /a.bin -H 'Host: own.example'
stop_ranged
is "$(wc -l <"$DIR/access.log") $(wc -l <"$DIR/own.log")" "3 4" \
	"without a log of the top level, only sites with access_log have one"

for i in $(seq 17); do echo "site \"$i.example\" { access_log = $DIR/$i.log }"; done >"$DIR/many.conf"
like "$("$RANGED" --check -c "$DIR/many.conf" "$ROOT" 2>&1)" 'access_log: .*/17.log" of the site in .*many.conf:17: too many access logs; the maximum is 16' \
	"too many logs are rejected"
sed -i 's/16.log/17.log/' "$DIR/many.conf"
ok "sixteen logs are accepted" "$RANGED" --check -c "$DIR/many.conf" "$ROOT"
config "site \"a\" { access_log = $DIR/absent/log }"
launch_ranged
wait "$PID"
is $? 73 "a log that cannot be opened ends the start"
PID=
like "$(cat "$DIR/stderr.$START_COUNT")" "$DIR/absent/log: No such file" "the message names the log"
finish
