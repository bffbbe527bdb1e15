#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What ranged-ctl says where it can't be asked, or is told no: what to do about it, and a status of sysexits.h.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ctl.sh"

run_ctl status
is $RC 69 "no socket"
like "$(err)" "admin\.sock does not exist; check .*\"admin\" is set in ranged\.conf$" "it says where to look"
start_admin
stop_admin
perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die $!' "$SOCKET"
run_ctl status
is $RC 69 "nobody listens"
like "$(err)" "no process listens on the socket; ranged is not running" "it says so"
rm -f "$SOCKET"
touch "$SOCKET"
run_ctl status
is "$RC" 69 "a file that is no socket"
rm "$SOCKET"
is "$("$RANGED_CTL" -s "$(printf '/%0200d' 1)" status 2>/dev/null; echo $?)" 64 "a path that no socket can have"
is "$("$RANGED_CTL" -u http://127.0.0.1:1 health 2>/dev/null; echo $?)" 69 "a port where nobody listens is not status 1"

start_admin
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chgrp daemon "$SOCKET"
	chmod 660 "$SOCKET"
	cp "$RANGED_CTL" "$DIR/ranged-ctl"
	chmod 755 "$DIR/ranged-ctl"
	unprivileged() { setpriv --reuid 65534 --regid 65534 --clear-groups "$DIR/ranged-ctl" --socket "$SOCKET" status 2>&1; echo $?; }
	if setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$DIR/ranged-ctl"; then
		like "$(unprivileged)" 'only root and the group "daemon" have access.*77' "no permission: which group has it"
		chmod 600 "$SOCKET"
		like "$(unprivileged)" 'only root and the owner have access.*77' "none has"
		chmod 700 "$ADMIN"
		like "$(unprivileged)" 'no access to its directory.*77' "nor for its folder"
		chmod 755 "$ADMIN"
	else
		diag "nobody may enter this folder: permissions are not tried"
	fi
fi

# STATUS EXIT-STATUS PATTERN NAME: of an answer whose text is on stdin
refused() {
	answer_with metrics "$1" text/plain
	run_ctl metrics
	is $RC "$2" "$4: $1"
	like "$(err)" "$3" "and why"
}
refused 403 77 '^ranged-ctl: ranged: by a Unix socket only \(status 403\)$' "refused" < <(echo 'by a Unix socket only')
refused 500 69 '^ranged-ctl: ranged: first\?\[31m \(status 500\)$' "one line of it, without control codes" < <(printf 'first\033[31m\nsecond\n')
refused 404 66 'answered with status 404' "nothing said" </dev/null
refused 503 75 'ranged: busy' "for now" < <(echo busy)

printf 'a\n!cut\n' | answer_with metrics 200 text/plain
run_ctl metrics
is $RC 75 "an answer that is cut"
like "$(err)" 'closed in the middle' "it says so"
is "$(out)" "" "nothing of it is printed"
echo '<html>' | answer_with status 200 text/html
run_ctl status
is $RC 76 "somebody else's answer"
run_ctl top --once
is $RC 76 "for top, too"

while read -r pattern arguments; do
	# shellcheck disable=SC2086
	run_ctl $arguments
	is "$RC" 64 "64: $arguments"
	like "$(err)" "$pattern" "and it says why"
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
	not.a.duration top --interval 1ms
	cannot.be.used.together --url http://h status
	not.a.valid.URL --url ftp://h status
	not.a.valid.URL --url http://h/x status
	path.is.empty --socket= status
END
run_ctl
is "$RC" 64 "nothing to do"
finish
