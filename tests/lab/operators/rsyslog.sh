#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# rsyslog receives each line of access_log = syslog as one line, whatever bytes the client sent, also while it rotates its
# file. It also reads the file of an access log. fail2ban finds the same clients in the files of rsyslog.
. "$(dirname "$0")/lib.sh"

need_root
need_tool rsyslogd rsyslog
need_tool fail2ban-regex fail2ban
need_cmd unshare
unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
# In a private /dev, log is a link to the socket of this rsyslog.
# shellcheck disable=SC2016
PREFIX=(unshare -m bash -c 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && ln -s "$0/log" /dev/log && exec "$@"' "$DIR")
mkdir "$DIR/spool"
cat >"$DIR/rsyslog.conf" <<END
global(workDirectory="$DIR/spool" maxMessageSize="8k")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$DIR/log" RateLimit.Interval="0")
module(load="imfile" mode="inotify")
input(type="imfile" File="$DIR/access.log" Tag="ranged:" ruleset="copies")
template(name="short" type="string" string="%TIMESTAMP% %HOSTNAME% %syslogtag%%msg:::sp-if-no-1st-sp%%msg%\n")
ruleset(name="copies") { action(type="omfile" file="$DIR/copies" template="short") }
if \$programname == "ranged" then action(type="omfile" file="$DIR/messages" template="RSYSLOG_FileFormat")
END
rsyslogd -n -f "$DIR/rsyslog.conf" -i "$DIR/pid" >"$DIR/stderr.rsyslog" 2>&1 </dev/null &
RSYSLOG=$!
ok "rsyslog starts" await 20 test -S "$DIR/log"

LOGS=
serve_requests 'access_log = syslog' "error_log = $DIR/error.log" \
	"site \"file\" { root = \"$ROOT\" access_format = combined access_log = $DIR/access.log }"
perl "$OPERATORS/offenders.pl" "$ADDRESS" >"$DIR/out"
received_last() { grep -q /last "$DIR/messages"; }
ok "rsyslog receives the lines" await 20 received_last
# logrotate renames the file and sends SIGHUP.
mv "$DIR/messages" "$DIR/messages.1"
kill -HUP "$RSYSLOG"
SENT=$(perl "$OPERATORS/requests.pl" "$ADDRESS" "$ADDRESS6")
perl "$OPERATORS/offenders.pl" "$ADDRESS" file >"$DIR/out"
copied() { grep -q /last "$DIR/copies"; }
ok "rsyslog reads the file of an access log" await 20 copied
ok "rsyslog receives the lines after its file was rotated" await 20 test -s "$DIR/messages"
stop_ranged
received_all() { [ "$(wc -l <"$DIR/messages")" -ge "$SENT" ]; }
await 20 received_all
kill "$RSYSLOG"
wait "$RSYSLOG"

is "$(wc -l <"$DIR/messages")" "$SENT" "each request is one line"
line='^\S+ \S+ ranged\[\d+\]: [0-9a-f.:]+ - \S+ \[[^\]]+\] "[^"]*" \d{3} \d+ "[^"]*" "[^"]*" "[^"]*" \d+\.\d{6}$'
is "$(perl -ne 'BEGIN { $line = shift } print if !/$line/' "$line" "$DIR/messages.1" "$DIR/messages" | head -n 3)" "" "each line is complete"
failures() { # MODE FILE
	fail2ban-regex -o ip "$2" "$CONF/fail2ban/filter.d/ranged.conf[mode=$1]" 2>"$DIR/fail2ban" | grep . | sort | uniq -c | awk '{ printf "%s %s, ", $2, $1 }'
}
for file in messages.1 copies; do
	is "$(failures auth "$DIR/$file")" "127.0.1.1 3, 127.0.1.5 8, " "fail2ban finds wrong passwords in ${file%.1}"
done
finish
