#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# systemctl reload returns when the new configuration is in effect (notify-reload, systemd 253 and later). It fails if the
# check rejects the configuration. If only ranged itself can reject the configuration, the running one stays in effect, and
# the status line says so.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 100000
boot 'listen = {":80"}' 'cache_control = no-cache'
if [ "$(inside systemctl --version | awk 'NR == 1 { print $2 }')" -ge 253 ]; then type=notify-reload; else type=notify; fi
is "$(sed -n 's/^Type=//p' "$MACHINE/lib/systemd/system/ranged.service")" $type \
	"the type that this version of systemd has"
[ $type = notify-reload ] || is "$(grep -c '^ExecReload=/bin/kill -HUP' "$MACHINE/lib/systemd/system/ranged.service")" 1 "the unit itself sends SIGHUP"
ok "the service starts" inside systemctl start ranged
pid=$(main_pid)

in_force() { get_inside /a.bin && [ "$(header Cache-Control)" = "$1" ]; }
# With Type=notify nothing waits for ranged.
comes_into_force() { if [ $type = notify-reload ]; then in_force "$1"; else await 10 seldom in_force "$1"; fi; }
for i in 1 2 3 4 5; do
	configure ranged 'listen = {":80"}' "cache_control = \"max-age=$i\""
	if ! { inside systemctl reload ranged && comes_into_force "max-age=$i"; }; then fail "reload $i" "$(header Cache-Control)"; fi
done
is "$(header Cache-Control)" max-age=5 "each reload is in force when systemctl returns"

refused() { journal | grep -c 'reload failed'; }
says() { [[ $(property StatusText) == "The last reload failed: "* ]]; }
before=$(refused)
configure ranged 'listen = {":80"}' 'cache_size = many' 'cache_control = "max-age=20"'
not_ok "a reload that the check rejects fails" inside systemctl reload ranged
is "$(property ActiveState) $(property SubState) $(main_pid)" "active running $pid" "the same process runs"
ok "max-age=5 is still in force" in_force max-age=5
ok "the journal names the line" eval 'journal | grep -q "ranged.conf:2: cache_size: \"many\" is not a valid size"'
if [ $type = notify-reload ]; then
	ok "ranged rejects it, too" await 5 seldom eval "[ \$(refused) -gt $before ]"
	ok "the status line shows the failure" await 10 seldom says
fi

# The address is in use, which no check of the file can find.
# shellcheck disable=SC2016 # for Perl
echo 'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:99", Listen => 5) or die; sleep 600' >"$MACHINE/srv/other.pl"
inside systemd-run -q --unit=other perl /srv/other.pl
listens() { inside cat /proc/net/tcp | grep -q '0100007F:0063'; }
ok "another program listens" await 10 seldom listens
before=$(refused)
configure ranged 'listen = {":80", "127.0.0.1:99"}' 'cache_control = "max-age=30"'
inside systemctl reload ranged
ok "ranged rejects it" await 10 seldom eval "[ \$(refused) -gt $before ]"
ok "the status line shows the failure" await 10 seldom says
ok "max-age=5 is still in force" in_force max-age=5
is "$(property ActiveState) $(property SubState) $(main_pid)" "active running $pid" "the same process runs"
inside systemctl stop other
ok "with the address free, the same configuration is accepted" inside systemctl reload ranged
ok "the configuration is in force" comes_into_force max-age=30
not_says() { ! says; }
ok "the status line does not show a failure any more" await 10 seldom not_says

# SIGHUP without systemctl.
configure ranged 'listen = {":80"}' 'cache_control = "max-age=40"'
ok "SIGHUP is sent" inside kill -HUP "$pid"
ok "SIGHUP reloads the configuration" await 10 seldom in_force max-age=40
settled() { [ "$(property SubState)" = running ]; }
ok "systemd is notified of the end of the reload" await 10 seldom settled
finish
