#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A bad configuration: a start is refused and not tried for ever, a reload too, and what runs goes on. Both say where it is wrong.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"

make_file a.bin 100000
boot 'listen = {":80"}' 'workres = 3'
not_ok "does not start" inside systemctl start ranged
ok "says where it is wrong" eval 'journal | grep -q "ranged.conf:2: unknown key \"workres\" (did you mean \"workers\""'
is "$(property ExecMainPID)" 0 "the check alone was run"
ok "and gives it up" await 40 is_failed
inside systemctl reset-failed ranged

configure ranged 'listen = {":80"}'
drop_in ranged.service '[Service]' 'RestrictSUIDSGID=yes'
inside systemctl daemon-reload
not_ok "does not start without openat2" inside systemctl start ranged
ok "which it names" eval 'journal | grep -q "refused system calls: openat2 (E[A-Z]*)\. .*RestrictSUIDSGID="'
is "$(property Result) $(property ExecMainPID)" "exit-code 0" "the check alone was run"
inside systemctl stop ranged
rm "$UNITS/ranged.service.d/test.conf"
inside systemctl daemon-reload

ok "a good one starts" inside systemctl start ranged
pid=$(main_pid)
configure ranged 'listen = {":80"}' 'cache_size = many'
not_ok "a reload of a bad one fails" inside systemctl reload ranged
ok "says where it is wrong" eval 'journal | grep -q "ranged.conf:2: cache_size: \"many\" is not a valid size"'
get_inside /a.bin
is "$STATUS" 200 "it serves"
is "$(main_pid) $(property ActiveState)" "$pid active" "and was not touched"
configure ranged 'listen = {":80"}' 'cache_control = no-cache'
ok "a reload of a good one" inside systemctl reload ranged
reloaded() { get_inside /a.bin && [ "$(header Cache-Control)" = no-cache ]; }
ok "is in force" await 10 reloaded
is "$(main_pid) $(property ActiveState)" "$pid active" "in the same process"
finish
