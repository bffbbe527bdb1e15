# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ranged as a user starts it at a terminal. script(1) provides the terminal. Source after lib.sh.

need_cmd script
SCRIPT=

# DIRECTORY ARGUMENT...: types "ranged ARGUMENT..." in this directory, and waits for the end of the greeting or of the
# program. What the user sees is in $DIR/terminal.
start_typed() {
	rm -f "$DIR/keys" "$DIR/pid" "$DIR/terminal"
	mkfifo "$DIR/keys"
	script -qec "cd $(printf %q "$1"); echo \$\$ >$DIR/pid; exec$(printf ' %q' "${BEFORE[@]}" "$RANGED" "${@:2}")" /dev/null \
		<"$DIR/keys" >"$DIR/terminal" 2>&1 &
	SCRIPT=$!
	exec 7>"$DIR/keys"
	await 20 greeted_or_dead
	# shellcheck disable=SC2034
	PID=$(cat "$DIR/pid")
}
BEFORE=() # a command that runs ranged
greeted_or_dead() { grep -q 'Press Ctrl-C' "$DIR/terminal" || ! kill -0 "$SCRIPT" 2>/dev/null; }

# Waits for the end of the program. Sets EXIT to its exit status.
end_typed() {
	exec 7>&-
	wait "$SCRIPT"
	# shellcheck disable=SC2034
	EXIT=$? PID=
}

press_ctrl_c() { printf '\003' >&7; }

# Prints what the user sees, with plain line ends.
seen() { tr -d '\r' <"$DIR/terminal"; }
