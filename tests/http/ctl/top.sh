#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-ctl top in a terminal: it fits into the window, follows its size, continues while the server is not available,
# and restores the terminal.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"
need_cmd tmux

export LC_ALL=C.UTF-8
unset TMUX NO_COLOR
tm() { tmux -S "$DIR/tmux" -f /dev/null "$@"; }
clean_up_more() { tm kill-server 2>/dev/null; }
screen() { tm capture-pane -p -t top; }
shows() { screen | grep -qE "$1"; }
shows_not() { ! shows "$1"; }
flag() { [ "$(tm display-message -p -t top "#{$1}")" = "$2" ]; }
in_shell() { flag alternate_on 0 && flag cursor_flag 1; }

# COLUMNS LINES: no line wraps or scrolls, the header is at the top, and the newest column of the heat map is at the
# right edge.
fits() {
	ok "$1x$2: the header is the first line" await 10 shows_first
	is "$(screen | grep -cE ".{$(($1 + 1))}")" 0 "$1x$2: no line is too long"
	ok "$1x$2: the heat map reaches the right edge" await 10 shows "^ *[0-9.]+ (µs|ms) .*[░▒▓█]$"
	is "$(screen | grep -cE '^ ranged ')" 1 "$1x$2: nothing of the former size is left"
}
shows_first() { screen | head -n 1 | grep -qE '^ ranged 0\.1\.0  serving'; }

start_admin
tm new-session -d -s top -x 80 -y 24 "stty -g >'$DIR/stty.before'; PS1='\$ ' bash --norc --noprofile"
type_in() { tm send-keys -t top "$@"; }
begin() { # OPTION...
	in_shell || fail "the shell has started"
	type_in "clear; '$RANGED_CTL' --socket '$SOCKET' top -i 200ms; echo ended \$?; stty -g >'$DIR/stty.after'" Enter
	await 20 shows '^ ranged 0\.1\.0' || diag "$(screen)"
}
given_back() { # NAME STATUS
	ok "$1: the exit status is $2" await 10 shows "^ended $2"
	ok "$1: the shell has its screen again" await 10 in_shell
	ok "$1: the terminal settings are restored" await 10 cmp "$DIR/stty.before" "$DIR/stty.after"
	rm -f "$DIR/stty.after"
}
top_pid() { # finds the ranged-ctl of this test
	local found process comm
	mapfile -t found < <(grep -lsF -- "$SOCKET" /proc/[0-9]*/cmdline)
	for process in "${found[@]}"; do
		process=${process%/cmdline}
		if { read -r comm <"$process/comm"; } 2>/dev/null && [ "$comm" = ranged-ctl ]; then echo "${process#/proc/}"; fi
	done
}

begin
ok "top uses the alternate screen" flag alternate_on 1
fits 80 24
for size in "120 40" "50 20" "80 24"; do
	tm resize-window -t top -x "${size% *}" -y "${size#* }"
	fits "${size% *}" "${size#* }"
done
before=$(wc -l <"$ADMIN/requests")
more_requests() { [ $(($(wc -l <"$ADMIN/requests") - before)) -ge 3 ]; }
ok "top sends requests" await 10 more_requests
at_least "$(tm capture-pane -e -p -t top | grep -c $'\033\\[38;5;')" 3 "the heat map has colours"

stop_admin
ok "top shows that the server does not answer" await 20 shows '^ no answer for .*, trying again'
ok "top keeps the last values" shows 'films/a\.mkv'
start_admin
ok "top continues when the server answers" await 20 shows '^ ranged 0\.1\.0  serving'
printf "!hang\n" | answer_with status 200 application/json
ok "top shows that a server hangs" await 20 shows "^ no answer for .*, trying again"
type_in q
given_back q 0
rm "$ADMIN/status"
is "$(screen | grep -c sent)" 0 "nothing of the frame is left"

begin
type_in C-c
given_back "^C" 0
begin
kill -TERM "$(top_pid)"
given_back SIGTERM 143
begin
kill -SEGV "$(top_pid)"
given_back "a crash" 139
begin
type_in C-z
ok "^Z returns to the shell" await 10 in_shell
type_in 'fg; echo ended $?' Enter
ok "fg continues top" await 10 shows '^ ranged 0\.1\.0'
type_in q
given_back "after ^Z" 0

type_in "export NO_COLOR=1" Enter
begin
is "$(tm capture-pane -e -p -t top | grep -cE $'\033\\[3[0-8]')" 0 "NO_COLOR: there are no colours"
type_in q
given_back NO_COLOR 0
type_in "export TERM=dumb" Enter "clear; '$RANGED_CTL' --socket '$SOCKET' top -i 200ms; echo ended \$?" Enter
ok "a dumb terminal gets one frame" await 20 shows '^ended 0'
finish
