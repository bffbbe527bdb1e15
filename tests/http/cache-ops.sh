# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# For the tests of the cache's resources, after lib.sh: ranged with an admin listener on a Unix socket.

SOCKET=$DIR/admin.sock
start_admin() { start_ranged --admin "unix:$SOCKET" "$@"; } # OPTION...

# RESOURCE [PATH [ARGUMENT...]]: POSTs. Sets CODE; the answer is in $DIR/answer.
post() {
	local arguments=() argument
	[ $# -lt 2 ] || arguments=(--data-urlencode "path=$2")
	for argument in "${@:3}"; do arguments+=(--data-urlencode "$argument"); done
	# -G makes them the query, -X a POST all the same.
	# shellcheck disable=SC2034
	CODE=$(curl -sS -G -X POST -w '%{http_code}' -o "$DIR/answer" --unix-socket "$SOCKET" "${arguments[@]}" "http://localhost$1")
}
answer() { # KEY [LINE: 1, 2 … or $ for the last one]: its value
	sed -n "${2:-\$}p" "$DIR/answer" | perl -MJSON::PP -e 'my $j = decode_json(<STDIN>); my $v = $j->{$ARGV[0]}; print defined $v ? $v : "-"' "$1"
}
resident() { # PATH [KEY]: how many bytes of it are in memory, and other things that /cache/hot knows
	post /cache/hot
	perl -MJSON::PP -e 'local $/; my ($f) = grep { $_->{path} eq $ARGV[0] } @{decode_json(<STDIN>)->{files}}; print $f ? $f->{$ARGV[1]} // "null" : 0' \
		"$1" "${2:-resident_bytes}" <"$DIR/answer"
}
old() { # FILE...: as if they had been there for long: what is fresh is not kept
	touch -d '1 hour ago' "${@/#/$ROOT/}"
}
