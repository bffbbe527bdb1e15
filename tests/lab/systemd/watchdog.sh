#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# WatchdogSec: a process that is stopped, or has one reactor stuck, is ended and started again; one whose disk hangs is not.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../systemd.sh"
need_cmd strace

make_file a.bin 100000
make_machine
configure ranged 'listen = {":80"}'
drop_in ranged.service '[Service]' WatchdogSec=3 RestartSec=100ms
boot_machine
inside systemctl start ranged
first=$(main_pid)
sleep 7
is "$(main_pid) $(property NRestarts)" "$first 0" "idle for longer than that, it lives"

restarted() { [ "$(main_pid)" != "$first" ] && [ "$(property ActiveState)" = active ]; }
kill -STOP "$(host_pid)"
ok "stopped, it is started again" await 30 restarted
is "$(journal_of_manager | grep -c 'Watchdog timeout')" 1 "by the watchdog"
get_inside /a.bin
is "$STATUS" 200 "and serves"

first=$(main_pid)
PID=$(host_pid)
reactor=$(threads ranged-r1)
PID=
strace -qq -p "$reactor" -e trace=epoll_wait,epoll_pwait -e inject=epoll_wait,epoll_pwait:delay_enter=60s >/dev/null 2>&1 &
tracer=$!
timed_out_twice() { [ "$(journal_of_manager | grep -c 'Watchdog timeout')" = 2 ]; }
ok "one reactor stuck: the watchdog sees it" await 30 timed_out_twice
kill $tracer # nobody dies while a tracer sleeps over him
wait $tracer 2>/dev/null
ok "likewise" await 30 restarted
get_inside /a.bin
is "$STATUS" 200 "and serves"
finish
