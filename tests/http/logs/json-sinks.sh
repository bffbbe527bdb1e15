#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# JSON lines of the access log in syslog and in the journal, and the report of lost lines in an error log of JSON lines.
. "$(dirname "$0")/../lib.sh"

need_root
need_cmd unshare python3
unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
make_file a.bin 100
# In a private /dev and /run, the sockets of syslog and the journal are links to sockets of this test.
# shellcheck disable=SC2016
PREFIX=(unshare -m bash -c 'mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && ln -s "$0/syslog" /dev/log &&
	mount -t tmpfs none /run && mkdir -p /run/systemd/journal && ln -s "$0/journal" /run/systemd/journal/socket && exec "$@"' "$DIR")
receive() { # NAME: writes each datagram to $DIR/NAME.out, followed by NUL
	perl -MSocket -e '
		chdir $ARGV[0] or die;
		socket S, PF_UNIX, SOCK_DGRAM, 0 or die;
		bind S, pack_sockaddr_un($ARGV[1]) or die;
		$| = 1;
		while (defined recv S, $_, 65536, 0) { print "$_\0" }' "$DIR" "$1" >"$DIR/$1.out" &
	await 10 test -S "$DIR/$1"
}
receive syslog
receive journal
LOGS=
config "error_log = $DIR/error.log" 'log_format = json' 'access_format = json' 'access_log = journal' 'site "s.example" { access_log = syslog }'
start_ranged
for host in x s.example; do get "/a.bin?\"\\" -A $'\xff\xe2\x80\xa8"' -H "Host: $host"; done
received() { grep -q a.bin "$DIR/journal.out" && grep -q a.bin "$DIR/syslog.out"; }
ok "both entries are received" await 5 received
rm "$DIR/syslog"
get /a.bin -H 'Host: s.example'
ok "lost lines are reported" await 5 grep -q 'of the log syslog w[a-z]* lost' "$DIR/error.log"
stop_ranged

python3 - "$DIR" >"$DIR/wrong" <<'END'
import json, re, sys
directory = sys.argv[1]
agent = '\\xff\u2028"'
def check(text, name):
    value = json.loads(text.decode('utf-8'))
    assert value['target'] == '/a.bin?"\\x5c', (name, value['target'])
    assert value['user_agent'] == agent, (name, value['user_agent'])
    assert value['status'] == 200 and value['bytes'] == 100 and value['tls'] is False, (name, value)
syslog = open(directory + '/syslog.out', 'rb').read().split(b'\0')[0]
check(re.sub(rb'^<30>.*?\]: ', b'', syslog), 'syslog')
journal = open(directory + '/journal.out', 'rb').read().split(b'\0')[0]
check(re.match(rb'MESSAGE=([^\n]*)\n', journal).group(1), 'journal')
for line in open(directory + '/error.log', 'rb'):
    assert list(json.loads(line.decode('utf-8'))) == ['time', 'level', 'message'], line
END
is "$? $(cat "$DIR/wrong")" "0 " "each entry is a JSON object with the values of the request"
like "$(grep lost "$DIR/error.log")" '^\{"time":"[^"]*","level":"warning","message":"1 line of the log syslog was lost' "the report is an object"
finish
