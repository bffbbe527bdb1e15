# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The harness of the tests that give the logs of ranged to the programs of operators, in addition to that of the HTTP
# tests. A test is skipped if its program is not installed. With RANGED_CLIENTS=1 it fails instead. The packages of
# Debian are listed in .ci/run (operator_needs). With sanitizers these tests are skipped.

# shellcheck source=../../http/lib.sh
[ -n "${LAB:-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/../../http/lib.sh"

OPERATORS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CONF=$(cd "$OPERATORS/../../../conf" && pwd)
export HOME=$DIR/home # the files that programs write
mkdir "$HOME"

[ -z "$SANITIZED" ] || skip_all "the plain suite runs the programs of operators"

need_tool() { # COMMAND PACKAGE
	command -v "$1" >/dev/null || missing_tool "$@"
	diag "$2 $(dpkg-query -W -f '${Version}' "$2" 2>/dev/null)"
}

missing_tool() { # NAME PACKAGE
	[ -n "${RANGED_CLIENTS:-}" ] || skip_all "needs $1 (the package $2); with RANGED_CLIENTS=1 that is a failure"
	echo "Bail out! needs $1 (the package $2)"
	exit 1
}

# Makes the files and the users for the requests.
make_served() {
	local name
	mkdir -p "$ROOT/private" "$ROOT/closed" "$ROOT/rare"
	for name in a.bin private/a.bin closed/a.bin rare/a.bin 'a b.bin' $'\xc3\xa9.bin'; do truncate -s 10007 "$ROOT/$name"; done
	truncate -s 8M "$ROOT/large.bin"
	age "$ROOT"/*.bin "$ROOT"/*/*.bin
	# The password of alice is "secret".
	# shellcheck disable=SC2016
	(umask 077 && echo 'alice:$2y$05$hDHKjH5R1FK190qdLL8UHuuJpAuvBIemyMQ.cLjKZirzRajCSLZ1K' >"$DIR/users")
}

# LINE...: starts ranged with these lines of configuration and those for the requests. With IPv6, ADDRESS6 is its second
# address; otherwise it is empty.
serve_requests() {
	local listen='"127.0.0.1:0"'
	[ -e "$DIR/users" ] || make_served
	! has_ipv6 || listen+=', "[::1]:0"'
	LISTEN=
	config "listen = {$listen}" 'max_connections_per_client = 0' "location \"/private/\" { auth_file = $DIR/users }" \
		'location "/closed/" { deny = {"all"} }' 'location "/rare/" { requests_per_client = 1 }' "$@"
	start_ranged
	# shellcheck disable=SC2034
	ADDRESS6=$(sed -n 2p "$DIR/address")
}
has_ipv6() {
	perl -MSocket=:DEFAULT,inet_pton -e 'socket S, PF_INET6, SOCK_STREAM, 0 or exit 1;
		bind S, pack_sockaddr_in6(0, inet_pton(AF_INET6, "::1")) or exit 1' 2>/dev/null
}

# Sends requests of every kind that a server on the internet receives, and stops ranged, so that the log is complete. Sets
# SENT, the number of requests.
log_requests() {
	SENT=$(perl "$OPERATORS/requests.pl" "$ADDRESS" "$ADDRESS6")
	stop_ranged
	is "$(wc -l <"$DIR/access.log")" "$SENT" "each request has a line in the log"
}

# FILE: prints how often each status occurs in an access log in the format timing, combined or json ("200 17"), sorted.
statuses() { entries "$1" | cut -d ' ' -f 1 | sort | uniq -c | awk '{ print $2, $1 }'; }
# FILE: prints the sum of the bytes.
bytes() { entries "$1" | awk '{ sum += $2 } END { printf "%d\n", sum }'; }
entries() { # FILE: prints status and bytes of each line
	perl -ne '
		if (/^\S+ - \S+ \[[^\]]*\] "[^"]*" (\d{3}) (\d+|-) / || /^\{.*,"status":(\d{3}),"bytes":(\d+),/) { print "$1 ", $2 eq "-" ? 0 : $2, "\n" }
		else { die "line $. of the log: $_" }' "$1"
}

# PATTERN: prints the lines of the manual that follow a matching comment, up to the end of their literal block.
manual_lines() {
	sed -n "/^\.\\\\\" $1\$/,/^\.Ed/p" "$CONF/../man/ranged.conf.5" | sed '/^\./d; s/\\e/\\/g'
}
