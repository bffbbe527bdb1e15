#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# logrotate with conf/logrotate while ranged serves requests under systemd: no line is lost, and later lines go to the
# new file.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

need_cmd logrotate
make_file x.bin 3000
boot 'listen = {":80"}' 'access_log = /var/log/ranged/access.log' 'error_log = /var/log/ranged/error.log'
configure other 'listen = {":81"}' 'access_log = /var/log/ranged/other.log'
cp "$LAB/../../conf/logrotate" "$MACHINE/etc/logrotate.d/ranged"
inside systemctl start ranged.service ranged@other.service || exit
LOGS=$MACHINE/var/log/ranged

# Sends numbered requests without a pause until the file "stop" exists.
ask_on() {
	local asked=0
	until [ -e "$DIR/stop" ]; do
		inside curl -sS --fail -o /dev/null "http://127.0.0.1/x.bin?n=[$((asked + 1))-$((asked + 500))]" || return
		asked=$((asked + 500))
		echo $asked >"$DIR/asked"
	done
}
get_other() { inside curl -sS -o /dev/null "http://127.0.0.1:81/x.bin?$1"; }
rotate() { inside logrotate -f /etc/logrotate.d/ranged; }
written() { [ -s "$LOGS/${1:-access}.log" ]; }

get_other before
await 10 written other
ask_on 2>"$DIR/stderr.curl" &
asker=$!
for round in 1 2 3; do
	await 10 written
	sleep 0.3
	is "$(rotate 2>&1)" "" "rotation $round: logrotate prints nothing"
	ok "rotation $round: lines go to the new file" await 10 written
	ok "rotation $round: the old file exists" test -s "$LOGS/access.log.1"
done
touch "$DIR/stop"
wait $asker
is $? 0 "no request fails"
asked=$(cat "$DIR/asked")
all_written() { [ "$(zcat -f "$LOGS"/access.log* | wc -l)" -ge "$asked" ]; }
await 10 all_written
is "$(diff <(zcat -f "$LOGS"/access.log* | grep -o 'n=[0-9]*' | sort) <(seq -f n=%.0f "$asked" | sort) | head -n 5)" "" \
	"each of $asked requests has its line, once"
ok "older logs are compressed" test -s "$LOGS/access.log.2.gz"
is "$(find "$LOGS" -type f -perm /007)" "" "other users cannot read the logs"
is "$(inside stat -c %U:%G /var/log/ranged/access.log /var/log/ranged/access.log.2.gz | sort -u)" ranged:ranged \
	"the logs belong to ranged"
get_other after
ok "an instance writes to its log" await 10 written other
is "$(grep -c . "$LOGS/other.log")" 1 "the log of the instance is a new file"

inside systemctl stop ranged.service ranged@other.service
ok "the logs are rotated after ranged has stopped" rotate
not_ok "no log is created while ranged is stopped" test -e "$LOGS/access.log"
inside systemctl start ranged.service
inside curl -sS -o /dev/null http://127.0.0.1/x.bin
ok "ranged creates the log when it starts" await 10 written
is "$(inside systemctl --failed --plain --no-legend)" "" "no unit has failed"
finish
