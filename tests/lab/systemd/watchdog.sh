#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# WatchdogSec: a process that is stopped, or that has a hanging reactor, is ended and restarted.
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
pause 7
is "$(main_pid) $(property NRestarts)" "$first 0" "an idle process is not restarted"

restarted() { [ "$(main_pid)" != "$first" ] && [ "$(property ActiveState)" = active ]; }
kill -STOP "$(host_pid)"
ok "a stopped process is restarted" await 30 seldom restarted
is "$(journal_of_manager | grep -c 'Watchdog timeout')" 1 "the watchdog ended the process"
get_inside /a.bin
is "$STATUS" 200 "requests are served after the restart"

first=$(main_pid)
PID=$(host_pid)
reactor=$(threads ranged-r1)
PID=
strace -qq -p "$reactor" -e trace=epoll_wait,epoll_pwait -e inject=epoll_wait,epoll_pwait:delay_enter=60s >/dev/null 2>&1 &
tracer=$!
timed_out_twice() { [ "$(journal_of_manager | grep -c 'Watchdog timeout')" = 2 ]; }
ok "the watchdog detects a hanging reactor" await 30 seldom timed_out_twice
kill $tracer # a process cannot end while its tracer delays it
wait $tracer 2>/dev/null
ok "the process is restarted" await 30 seldom restarted
get_inside /a.bin
is "$STATUS" 200 "requests are served after this restart"
finish
