# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Functions for tests of the cache resources; source after lib.sh. ranged has an admin listener on a Unix socket.

SOCKET=$DIR/admin.sock
start_admin() { start_ranged --admin "unix:$SOCKET" "$@"; } # OPTION...

# RESOURCE [PATH [ARGUMENT...]]: sends a POST. Sets CODE; the answer is stored in $DIR/answer.
post() {
	local arguments=() argument
	[ $# -lt 2 ] || arguments=(--data-urlencode "path=$2")
	for argument in "${@:3}"; do arguments+=(--data-urlencode "$argument"); done
	# -G puts the arguments into the query; -X makes the request a POST nevertheless.
	# shellcheck disable=SC2034
	CODE=$(curl -sS -G -X POST -w '%{http_code}' -o "$DIR/answer" --unix-socket "$SOCKET" "${arguments[@]}" "http://localhost$1")
}
answer() { # KEY [LINE: 1, 2, ...; $ for the last line]: prints the value of the key, or "-"
	local lines line
	mapfile -t lines <"$DIR/answer"
	case ${2:-\$} in \$) line=${lines[-1]-} ;; *) line=${lines[$2 - 1]-} ;; esac
	if [[ $line == *\\* ]]; then
		perl -MJSON::PP -e 'my $v = decode_json($ARGV[1])->{$ARGV[0]}; print defined $v ? $v : "-"' "$1" "$line"
	elif [[ $line =~ \""$1"\":(\"([^\"]*)\"|[^],}[{\"]+) ]]; then
		case ${BASH_REMATCH[1]} in
		\"*) printf '%s\n' "${BASH_REMATCH[2]}" ;;
		true) echo 1 ;;
		false) echo 0 ;;
		null) echo - ;;
		*) echo "${BASH_REMATCH[1]}" ;;
		esac
	else
		echo -
	fi
}
resident() { # PATH [KEY]: prints the bytes of the file in the cache, or another value from /cache/hot
	post /cache/hot
	perl -MJSON::PP -e 'local $/; my ($f) = grep { $_->{path} eq $ARGV[0] } @{decode_json(<STDIN>)->{files}}; print $f ? $f->{$ARGV[1]} // "null" : 0' \
		"$1" "${2:-resident_bytes}" <"$DIR/answer"
}
old() { # FILE...: makes the files old, because young files are not cached
	touch -d '1 hour ago' "${@/#/$ROOT/}"
}
