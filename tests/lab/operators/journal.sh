#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# access_log = journal with the real journal: journalctl finds entries by the fields of ranged and prints them as JSON,
# whatever bytes the client sent. fail2ban with the backend systemd finds the clients, also those of access_format = json.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"
. "$(dirname "$0")/lib.sh"

need_tool fail2ban-regex fail2ban
/usr/bin/python3 -c 'import systemd.journal' 2>/dev/null || missing_tool python3-systemd python3-systemd
make_served
limits=('location "/private/" { auth_file = /etc/ranged/users }' 'location "/closed/" { deny = {"all"} }' 'location "/rare/" { requests_per_client = 1 }')
make_machine
configure ranged 'listen = {":80"}' 'access_log = journal' "${limits[@]}" \
	'site "json" { root = /srv/files access_log = journal access_format = json }'
install -m 644 "$DIR/users" "$MACHINE/etc/ranged/users"
install -D -m 644 "$CONF/fail2ban/filter.d/ranged.conf" "$MACHINE/etc/fail2ban/filter.d/ranged.conf"
boot_machine
inside systemctl start ranged || exit

failures() { # MODE
	inside fail2ban-regex -o ip systemd-journal "ranged[mode=$1]" 2>"$DIR/fail2ban" | grep . | sort | uniq -c | awk '{ printf "%s %s, ", $2, $1 }'
}
offend() { inside perl - 127.0.0.1:80 "$1" <"$OPERATORS/offenders.pl" >"$DIR/out"; }
logged() { [ "$(inside journalctl -q --no-pager -o cat -u ranged RANGED_TARGET=/last | wc -l)" = "$1" ]; }
offend x
offend json
await 10 logged 2
is "$(failures auth)" "127.0.1.1 6, 127.0.1.5 16, " "wrong passwords are found, in text and in JSON"
is "$(failures denied)" "127.0.1.2 4, 127.0.1.5 16, " "denied requests are found"

sent=$(inside perl - '127.0.0.1:80' <"$OPERATORS/requests.pl")
inside systemctl stop ranged
inside journalctl -q --no-pager -o json -u ranged _TRANSPORT=journal >"$DIR/entries"
is "$(/usr/bin/python3 - "$DIR/entries" "$sent" <<'END' 2>&1
import json, sys
entries = [entry for entry in map(json.loads, open(sys.argv[1], encoding='utf-8')) if 'RANGED_STATUS' in entry]
entries = [entry for entry in entries if not entry['RANGED_CLIENT'].startswith('127.0.1.')]
assert len(entries) == int(sys.argv[2]), (len(entries), sys.argv[2])
assert all(entry['SYSLOG_IDENTIFIER'] == 'ranged' and entry['PRIORITY'] == '6' for entry in entries)
assert any(entry.get('RANGED_USER_AGENT') == '\\xff\\xfe' for entry in entries), 'a field is not escaped'
# journalctl prints a value that is not text as a list of bytes.
assert all(isinstance(value, str) for entry in entries for value in entry.values()), 'a field is not text'
END
)" "" "journalctl prints each request as JSON, with fields"
finish
