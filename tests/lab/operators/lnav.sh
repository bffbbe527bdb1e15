#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lnav recognizes the access log and the error log by conf/lnav/ranged.json, as text and as JSON, and reads each line.
. "$(dirname "$0")/lib.sh"

need_tool lnav lnav

ok "lnav installs the formats" lnav -i "$CONF/lnav/ranged.json"
is "$(lnav -C 2>&1)" "" "lnav finds no mistake in the formats"
# FILE QUERY...: stores the results without the line of titles in $DIR/1.csv, $DIR/2.csv, ...
ask_lnav() {
	local file=$1 commands=() number=0 query
	rm -f "$DIR"/*.csv
	for query in "${@:2}"; do
		number=$((number + 1))
		commands+=(-c ";$query" -c ":write-csv-to $DIR/$number.csv")
	done
	timeout 60 lnav -n "${commands[@]}" "$file" </dev/null >"$DIR/lnav" 2>&1
	sed -i -s 1d "$DIR"/*.csv
}

# FORMAT TABLE STATUS BYTES: the table of lnav and its columns
check() {
	serve_requests "access_format = $1" "log_format = $5"
	log_requests
	ask_lnav "$DIR/access.log" 'SELECT log_format, count(*) FROM all_logs GROUP BY log_format' "SELECT $3, count(*) FROM $2 GROUP BY $3" "SELECT sum($4) FROM $2" \
		"SELECT DISTINCT $3 / 100, log_level FROM $2 ORDER BY 1"
	is "$(cat "$DIR/1.csv")" "$2,$SENT" "$1: each line is recognized"
	is "$(tr , ' ' <"$DIR/2.csv")" "$(statuses "$DIR/access.log")" "$1: the number of each status is correct"
	is "$(cat "$DIR/3.csv")" "$(bytes "$DIR/access.log")" "$1: the number of bytes is correct"
	[ "$2" = access_log ] || is "$(tr '\n' ' ' <"$DIR/4.csv")" "2,info 3,info 4,warning 5,error " "$1: the level shows the kind of the status"
	if [ "$1" = timing ]; then
		manual_lines lnav >"$DIR/command"
		is "$(cd "$DIR" && bash command 2>&1 </dev/null | awk 'NR > 1 && NF { print $1, $2 }')" "$(statuses "$DIR/access.log")" \
			"the command of the manual counts the responses"
	fi
	rm "$DIR/access.log"
}
check timing ranged_log sc_status sc_bytes text
levels() {
	ask_lnav "$DIR/error.log" "SELECT log_level, count(*) FROM $1 GROUP BY log_level ORDER BY 1"
	cat "$DIR/1.csv"
}
is "$(levels ranged_error_log)" "$(awk '{ print substr($2, 1, length($2) - 1) }' "$DIR/error.log" | sort | uniq -c | awk '{ print $2 "," $1 }')" \
	"lnav knows the level of each line of the error log"
rm "$DIR/error.log"
check json ranged_json status bytes json
is "$(levels ranged_error_json)" "$(sed 's/.*"level":"\([a-z]*\)".*/\1/' "$DIR/error.log" | sort | uniq -c | awk '{ print $2 "," $1 }')" \
	"lnav knows the level of each line of the error log in JSON"
check combined access_log sc_status sc_bytes text

finish
