#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# access_log = journal sends one entry per request to the journal, in its native protocol, with fields.
. "$(dirname "$0")/../lib.sh"

need_root
need_cmd unshare
unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
make_file a.bin 100
# In a private /run, the socket of the journal is a link to a socket of this test.
# shellcheck disable=SC2016
PREFIX=(unshare -m bash -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && ln -s "$0/journal" /run/systemd/journal/socket && exec "$@"' "$DIR")
perl -MSocket -e '
	chdir $ARGV[0] or die;
	socket S, PF_UNIX, SOCK_DGRAM, 0 or die;
	bind S, pack_sockaddr_un("journal") or die;
	$| = 1;
	while (defined recv S, $_, 65536, 0) {
		while (length) {
			if (s/\A([A-Z0-9_]+)=(.*)\n//) { print "$1=$2\n" }
			elsif (s/\A([A-Z0-9_]+)\n(.{8})//s) { my ($name, $bytes) = ($1, unpack "Q<", $2); print "$name:", substr($_, 0, $bytes + 1, "") }
			else { print "garbage\n"; last }
		}
		print "--\n";
	}' "$DIR" >"$DIR/entries" &
await 10 test -S "$DIR/journal"
config "access_format = '%m %U'" 'site "*.example" { header = "X-Y: z" }'
start_ranged --access-log journal
get_range 0-9 '/a.bin?q' -A agent/1 -H 'Host: www.example'
get /absent -A $'x\xff'
lines() { [ "$(grep -c '^--' "$DIR/entries")" -ge "$1" ]; }
ok "each request has an entry" await 5 lines 2
stop_ranged

entry() { awk -v n="$1" 'BEGIN { entry = 1 } /^--$/ { entry++; next } entry == n' "$DIR/entries"; }
entry 1 >"$DIR/first"
for field in 'MESSAGE=GET /a.bin' PRIORITY=6 SYSLOG_IDENTIFIER=ranged RANGED_CLIENT=127.0.0.1 RANGED_METHOD=GET RANGED_TARGET=/a.bin?q \
	RANGED_STATUS=206 RANGED_BYTES=10 'RANGED_SITE=*.example' RANGED_HOST=www.example RANGED_USER_AGENT=agent/1 RANGED_RANGE=bytes=0-9 \
	RANGED_VERSION=HTTP/1.1 RANGED_TLS=0 RANGED_CACHE=miss; do
	ok "the entry has $field" grep -qxF -e "$field" "$DIR/first"
done
ok "the entry has the duration" grep -qE '^RANGED_DURATION_US=[0-9]+$' "$DIR/first"
not_ok "a missing value has no field" grep -q RANGED_REFERER "$DIR/first"
entry 2 >"$DIR/second"
ok "a byte that is not UTF-8 is escaped" grep -qxF -e 'RANGED_USER_AGENT=x\xff' "$DIR/second"
not_ok "values cannot add fields" grep -q garbage "$DIR/entries"
finish
