#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The messages and exit statuses (sysexits.h) of ranged-ctl when ranged does not answer or rejects a request.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

run_ctl status
is $RC 69 "a missing socket: the exit status is 69"
like "$(err)" "admin\.sock does not exist; check .*\"admin\" is set in ranged\.conf$" "the message names the remedy"
start_admin
stop_admin
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die $!' "$SOCKET"
run_ctl status
is $RC 69 "a socket without a server: the exit status is 69"
like "$(err)" "no process listens on the socket; ranged is not running" "the message names the reason"
rm -f "$SOCKET"
touch "$SOCKET"
run_ctl status
is "$RC" 69 "a file that is not a socket: the exit status is 69"
rm "$SOCKET"
is "$("$RANGED_CTL" -s "$(printf '/%0200d' 1)" status 2>/dev/null; echo $?)" 64 \
	"a path that is too long for a socket: the exit status is 64"
is "$("$RANGED_CTL" -u http://127.0.0.1:1 health 2>/dev/null; echo $?)" 69 "a closed port: the exit status is 69"

start_admin
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chgrp daemon "$SOCKET"
	chmod 660 "$SOCKET"
	cp "$RANGED_CTL" "$DIR/ranged-ctl"
	chmod 755 "$DIR/ranged-ctl"
	unprivileged() { setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/ranged-ctl" --socket "$SOCKET" status 2>&1; echo $?; }
	if setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$DIR/ranged-ctl"; then
		like "$(unprivileged)" 'only root and the group "daemon" have access.*77' \
			"without permission: the message names the group that has access"
		chmod 600 "$SOCKET"
		like "$(unprivileged)" 'only root and the owner have access.*77' \
			"without permission: the message says that no group has access"
		chmod 700 "$ADMIN"
		like "$(unprivileged)" 'no access to its directory.*77' \
			"without permission: the message names the directory"
		chmod 755 "$ADMIN"
	else
		diag "other users cannot enter this directory, so permissions are not tested"
	fi
fi

# STATUS EXIT-STATUS PATTERN NAME: checks the handling of a response whose body is read from standard input
refused() {
	answer_with metrics "$1" text/plain
	run_ctl metrics
	is $RC "$2" "$4: $1"
	like "$(err)" "$3" "$4: the message names the reason"
}
refused 403 77 '^ranged-ctl: ranged: by a Unix socket only \(status 403\)$' "refused" < <(echo 'by a Unix socket only')
refused 500 69 '^ranged-ctl: ranged: first\\x1b\[31m \(status 500\)$' "an error of two lines with a control code" < <(printf 'first\033[31m\nsecond\n')
refused 404 66 'answered with status 404' "an error without a body" </dev/null
refused 503 75 'ranged: busy' "a temporary error" < <(echo busy)

printf 'a\n!cut\n' | answer_with metrics 200 text/plain
run_ctl metrics
is $RC 75 "an aborted response: the exit status is 75"
like "$(err)" 'closed in the middle' "the message names the reason"
is "$(out)" "" "nothing of the response is printed"
echo '<html>' | answer_with status 200 text/html
run_ctl status
is $RC 76 "a response of another server: the exit status is 76"
run_ctl top --once
is $RC 76 "top with another server: the exit status is 76"

while read -r pattern arguments; do
	# shellcheck disable=SC2086
	run_ctl $arguments
	is "$RC" 64 "wrong usage, status 64: $arguments"
	like "$(err)" "$pattern" "the message names the reason"
done <<-'END'
	unknown.command..frob frob
	takes.no.arguments status /x
	warm.needs.at.least warm
	starts.with.a.slash warm x
	json.cannot.be.used.with.ready ready --json
	once.cannot.be.used.with.warm warm --once /x
	site.cannot.be.used.with.hot hot --site h
	not.a.number hot --limit 0
	not.a.number hot -n 1x
	not.a.number hot --offset 1000000
	not.a.duration top --interval 1ms
	cannot.be.used.together --url http://h status
	not.a.valid.URL --url ftp://h status
	not.a.valid.URL --url http://h/x status
	path.is.empty --socket= status
END
run_ctl
is "$RC" 64 "without a command the exit status is 64"
finish
