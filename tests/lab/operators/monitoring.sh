#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check_http of Nagios and Icinga checks files and the admin listener. collectd reads numbers of /status.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/../../http/admin.sh"

CHECK=/usr/lib/nagios/plugins/check_http
need_tool $CHECK monitoring-plugins-basic
need_tool collectd collectd-core
make_file a.bin 10007
config 'location "/closed/" { deny = {"all"} }'
start_with_admin

check() { # STATUS WORD NAME OPTION...: runs check_http, which must exit with this status and print this word
	local output
	output=$($CHECK -I 127.0.0.1 -p "${ADDRESS##*:}" "${@:4}" 2>&1)
	is "$? ${output%%:*}" "$1 HTTP $2" "$3"
	[ "${output%%:*}" = "HTTP $2" ] || diag "$output"
}
check 0 OK "a file is present" -u /a.bin
check 0 OK "a range is served" -u /a.bin -k 'Range: bytes=0-9' -e 'HTTP/1.1 206'
check 0 OK "the file has its size" -u /a.bin -m 10007:11000
check 0 OK "a file is checked without its body" -u /a.bin -j HEAD
check 0 OK "a file is checked without its body, by a closed connection" -u /a.bin -N
check 1 WARNING "a missing file is a warning" -u /absent
check 1 WARNING "a denied request is a warning" -u /closed/a.bin
check 0 OK "a denied request can be expected" -u /closed/a.bin -e 403
ADDRESS=$ADMIN check 0 OK "ranged is ready" -u /readyz
ADDRESS=$ADMIN check 0 OK "the status has a text" -u /status -s '"state":"serving"'

take_numbers
cat >"$DIR/collectd.conf" <<END
BaseDir "$DIR"
PIDFile "$DIR/collectd.pid"
Interval 1
Hostname "x"
LoadPlugin curl_json
LoadPlugin csv
<Plugin csv>
	DataDir "$DIR/csv"
</Plugin>
<Plugin curl_json>
	<URL "http://$ADMIN/status">
		Instance "ranged"
		<Key "requests/total">
			Type "gauge"
		</Key>
		<Key "requests/by_status/404">
			Type "gauge"
		</Key>
	</URL>
</Plugin>
END
collectd -f -C "$DIR/collectd.conf" >"$DIR/collectd" 2>&1 </dev/null &
COLLECTD=$!
value() { sed -n '2s/.*,//p' "$DIR/csv/x/curl_json-ranged/gauge-$1"-*; }
written() { [ -n "$(value requests-total)" ] && [ -n "$(value requests-by_status-404)" ]; }
ok "collectd reads /status" await 20 written
is "$(value requests-total) $(value requests-by_status-404)" "$(status_value requests.total).000000 1.000000" "the numbers are those of /status"
kill $COLLECTD
wait $COLLECTD
finish
