#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Text logs have local times with the offset of the time zone, in summer and in winter. JSON has UTC.
. "$(dirname "$0")/../lib.sh"

make_file a.bin 1000
config 'access_format = "%t %{sec}t"' "site \"json.example\" { access_format = json access_log = $DIR/json.log }"

# ZONE RULE: the zone of the system's database, or its rule if the database is not installed.
zone() { if [ -e "/usr/share/zoneinfo/$1" ]; then echo "$1"; else echo "$2"; fi; }

check_zone() { # ZONE NAME DAYS
	export TZ=$1
	rm -f "$DIR"/*.log
	control_clock
	start_ranged
	advance $(($3 * 86400))
	get /a.bin
	get /a.bin -H 'Host: json.example'
	stop_ranged
	read -r day offset seconds <"$DIR/access.log"
	is "$day $offset" "$(date -d "@$seconds" '+[%d/%b/%Y:%H:%M:%S %z]')" "$2: %t is local time"
	like "$(tail -n 1 "$DIR/error.log")" "^[0-9-]+T[0-9:.]+$(date -d "@$seconds" +%:z | sed 's/+/\\+/') info: " "$2: the error log has local time"
	like "$(cat "$DIR/json.log")" "\"time\":\"$(date -u -d "@$seconds" +%Y-%m-%dT%H):..:......Z\"" "$2: JSON has UTC"
}
berlin=$(zone Europe/Berlin CET-1CEST,M3.5.0,M10.5.0/3)
check_zone "$berlin" "Berlin today" 0
check_zone "$berlin" "Berlin in half a year" 182
check_zone "$(zone Asia/Kolkata IST-5:30)" "India" 0
check_zone "$(zone America/St_Johns NST3:30NDT,M3.2.0,M11.1.0)" "Newfoundland" 0
check_zone UTC "UTC" 0
finish
