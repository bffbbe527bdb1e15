# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Functions for tests of ranged-ctl; source after lib.sh. The program talks to a substitute for the admin listener (ctl.pl), whose
# answers the test defines.

RANGED_CTL=${RANGED_CTL:-${RANGED%/*}/ranged-ctl}
ADMIN=$DIR/a # short, because the path of a socket is limited to 107 bytes
SOCKET=$ADMIN/admin.sock
mkdir "$ADMIN"

# Starts the substitute. Sets ADMIN_PID and ADMIN_PORT.
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

# RESOURCE STATUS TYPE: from now on, the resource is answered with the lines of stdin. See ctl.pl.
answer_with() {
	{ echo "$2 $3"; cat; } >"$ADMIN/${1//\//-}"
}

# ARGUMENT...: runs ranged-ctl. Sets RC; the output is stored in $DIR/ctl.out and $DIR/ctl.err.
run_ctl() {
	"$RANGED_CTL" --socket "$SOCKET" "$@" </dev/null >"$DIR/ctl.out" 2>"$DIR/ctl.err"
	# shellcheck disable=SC2034
	RC=$?
}

out() { cat "$DIR/ctl.out"; }
err() { cat "$DIR/ctl.err"; }
