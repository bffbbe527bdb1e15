#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/logrotate by logrotate itself, while ranged serves under systemd: no line is lost, and the new file gets the next ones.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

need_cmd logrotate
make_file x.bin 3000
boot 'listen = {":80"}' 'access_log = /var/log/ranged/access.log' 'error_log = /var/log/ranged/error.log'
configure other 'listen = {":81"}' 'access_log = /var/log/ranged/other.log'
cp "$LAB/../../conf/logrotate" "$MACHINE/etc/logrotate.d/ranged"
inside systemctl start ranged.service ranged@other.service || exit
LOGS=$MACHINE/var/log/ranged

# Numbered requests without a pause, until there is a file "stop".
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
	is "$(rotate 2>&1)" "" "rotation $round: no complaint"
	ok "rotation $round: the new file gets lines" await 10 written
	ok "rotation $round: the old one is there" test -s "$LOGS/access.log.1"
done
touch "$DIR/stop"
wait $asker
is $? 0 "no request failed"
asked=$(cat "$DIR/asked")
all_written() { [ "$(zcat -f "$LOGS"/access.log* | wc -l)" -ge "$asked" ]; }
await 10 all_written
is "$(diff <(zcat -f "$LOGS"/access.log* | grep -o 'n=[0-9]*' | sort) <(seq -f n=%.0f "$asked" | sort) | head -n 5)" "" "each of $asked requests has its line, once"
ok "those before the last are compressed" test -s "$LOGS/access.log.2.gz"
is "$(find "$LOGS" -type f -perm /007)" "" "not everybody can read them"
is "$(inside stat -c %U:%G /var/log/ranged/access.log /var/log/ranged/access.log.2.gz | sort -u)" ranged:ranged "they are ranged's"
get_other after
ok "an instance writes on" await 10 written other
is "$(grep -c . "$LOGS/other.log")" 1 "into a new file"

inside systemctl stop ranged.service ranged@other.service
ok "what was written at the end is rotated" rotate
not_ok "no file is made while it does not run" test -e "$LOGS/access.log"
inside systemctl start ranged.service
inside curl -sS -o /dev/null http://127.0.0.1/x.bin
ok "but it makes one when it is started" await 10 written
is "$(inside systemctl --failed --plain --no-legend)" "" "nothing has failed"
finish
