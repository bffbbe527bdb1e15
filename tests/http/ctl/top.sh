#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged-ctl top in a terminal: it fits the window, follows it, goes on when the server does not, and gives the terminal back.
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

# COLUMNS LINES: no line that wraps or scrolls, the head at the top, the newest of the heat map at the right edge.
fits() {
	ok "$1x$2: the head is the first line" await 10 shows_first
	is "$(screen | grep -cE ".{$(($1 + 1))}")" 0 "$1x$2: no line is too long"
	ok "$1x$2: the map reaches the right edge" await 10 shows "^ *[0-9.]+ (µs|ms) .*[░▒▓█]$"
	is "$(screen | grep -cE '^ ranged ')" 1 "$1x$2: nothing is left of the size before"
}
shows_first() { screen | head -n 1 | grep -qE '^ ranged 0\.1\.0  serving'; }

start_admin
tm new-session -d -s top -x 80 -y 24 "stty -g >'$DIR/stty.before'; PS1='\$ ' bash --norc --noprofile"
type_in() { tm send-keys -t top "$@"; }
begin() { # OPTION...
	in_shell || fail "the shell is there"
	type_in "clear; '$RANGED_CTL' --socket '$SOCKET' top -i 200ms; echo ended \$?; stty -g >'$DIR/stty.after'" Enter
	await 20 shows '^ ranged 0\.1\.0' || diag "$(screen)"
}
given_back() { # NAME STATUS
	ok "$1: it ends with $2" await 10 shows "^ended $2"
	ok "$1: the screen is the shell's again" await 10 in_shell
	ok "$1: the line is as it was" await 10 cmp "$DIR/stty.before" "$DIR/stty.after"
	rm -f "$DIR/stty.after"
}
top_pid() { # of this test's, whatever else runs here
	local process
	for process in /proc/[0-9]*; do
		if [ "$(cat "$process/comm" 2>/dev/null)" = ranged-ctl ] && grep -qs -- "$SOCKET" "$process/cmdline"; then echo "${process#/proc/}"; fi
	done
}

begin
ok "it has the alternate screen" flag alternate_on 1
fits 80 24
for size in "120 40" "50 20" "80 24"; do
	tm resize-window -t top -x "${size% *}" -y "${size#* }"
	fits "${size% *}" "${size#* }"
done
before=$(wc -l <"$ADMIN/requests")
more_requests() { [ $(($(wc -l <"$ADMIN/requests") - before)) -ge 3 ]; }
ok "it asks again and again" await 10 more_requests
at_least "$(tm capture-pane -e -p -t top | grep -c $'\033\\[38;5;')" 3 "the map has colours"

stop_admin
ok "without a server it says so" await 20 shows '^ no answer for .*, trying again'
ok "and keeps what it knows" shows 'films/a\.mkv'
start_admin
ok "and goes on when there is one" await 20 shows '^ ranged 0\.1\.0  serving'
printf "!hang\n" | answer_with status 200 application/json
ok "a server that hangs is said as well" await 20 shows "^ no answer for .*, trying again"
type_in q
given_back q 0
rm "$ADMIN/status"
is "$(screen | grep -c sent)" 0 "nothing of it is left"

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
ok "^Z: the shell is back" await 10 in_shell
type_in 'fg; echo ended $?' Enter
ok "fg: so is it" await 10 shows '^ ranged 0\.1\.0'
type_in q
given_back "after ^Z" 0

type_in "export NO_COLOR=1" Enter
begin
is "$(tm capture-pane -e -p -t top | grep -cE $'\033\\[3[0-8]')" 0 "NO_COLOR: none"
type_in q
given_back NO_COLOR 0
type_in "export TERM=dumb" Enter "clear; '$RANGED_CTL' --socket '$SOCKET' top -i 200ms; echo ended \$?" Enter
ok "a dumb terminal: one frame" await 20 shows '^ended 0'
finish
