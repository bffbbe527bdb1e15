# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For the tests of ranged-ctl, beside lib.sh: an admin listener that says what the test wants to hear (ctl.pl), and the program.

RANGED_CTL=${RANGED_CTL:-${RANGED%/*}/ranged-ctl}
ADMIN=$DIR/a # short: the path of a socket has 107 bytes at most
SOCKET=$ADMIN/admin.sock
mkdir "$ADMIN"

# Sets ADMIN_PID, ADMIN_PORT.
start_admin() {
	rm -f "$ADMIN/port"
	perl "$LIB/ctl.pl" "$ADMIN" 2>>"$DIR/stderr.admin" &
	ADMIN_PID=$!
	await 20 test -s "$ADMIN/port" || { echo "Bail out! no admin listener"; exit 1; }
	# shellcheck disable=SC2034
	ADMIN_PORT=$(cat "$ADMIN/port")
}

stop_admin() {
	kill -TERM "$ADMIN_PID"
	wait "$ADMIN_PID" 2>/dev/null
	rm -f "$SOCKET"
}

# RESOURCE STATUS TYPE: answers it with the lines of stdin from now on. See ctl.pl.
answer_with() {
	{ echo "$2 $3"; cat; } >"$ADMIN/${1//\//-}"
}

# Runs it. Sets RC; what it prints goes to $DIR/ctl.out and $DIR/ctl.err.
run_ctl() {
	"$RANGED_CTL" --socket "$SOCKET" "$@" </dev/null >"$DIR/ctl.out" 2>"$DIR/ctl.err"
	# shellcheck disable=SC2034
	RC=$?
}

out() { cat "$DIR/ctl.out"; }
err() { cat "$DIR/ctl.err"; }
