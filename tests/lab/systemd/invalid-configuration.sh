#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An invalid configuration: the start fails and is not repeated forever. A reload fails, and the running configuration
# remains in effect. Both name the line.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 100000
make_machine
configure ranged 'listen = {":80"}' 'workres = 3'
drop_in ranged.service '[Service]' RestartSec=100ms # the limit of ten starts applies
boot_machine
not_ok "the service does not start" inside systemctl start ranged
ok "the journal names the line" eval 'journal | grep -q "ranged.conf:2: unknown key \"workres\" (did you mean \"workers\""'
is "$(property ExecMainPID)" 0 "only the check has run"
ok "systemd stops trying" await 40 seldom is_failed
inside systemctl reset-failed ranged

configure ranged 'listen = {":80"}'
drop_in ranged.service '[Service]' 'RestrictSUIDSGID=yes'
inside systemctl daemon-reload
not_ok "without openat2 the service does not start" inside systemctl start ranged
ok "the journal names openat2" eval 'journal | grep -q "refused system calls: openat2 (E[A-Z]*)\. .*RestrictSUIDSGID="'
is "$(property Result) $(property ExecMainPID)" "exit-code 0" "only the check has run"
inside systemctl stop ranged
rm "$UNITS/ranged.service.d/test.conf"
inside systemctl daemon-reload

ok "with a valid configuration the service starts" inside systemctl start ranged
pid=$(main_pid)
configure ranged 'listen = {":80"}' 'cache_size = many'
not_ok "a reload with an invalid configuration fails" inside systemctl reload ranged
ok "the journal names the line" eval 'journal | grep -q "ranged.conf:2: cache_size: \"many\" is not a valid size"'
get_inside /a.bin
is "$STATUS" 200 "requests are served"
is "$(main_pid) $(property ActiveState)" "$pid active" "the process is the same"
configure ranged 'listen = {":80"}' 'cache_control = no-cache'
ok "a reload with a valid configuration succeeds" inside systemctl reload ranged
reloaded() { get_inside /a.bin && [ "$(header Cache-Control)" = no-cache ]; }
ok "the new configuration is in effect" await 10 reloaded
is "$(main_pid) $(property ActiveState)" "$pid active" "the process is the same after the reload"
finish
