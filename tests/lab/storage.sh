# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Functions for tests of storage that hangs; source after lib.sh.
# shellcheck disable=SC2034 # the variables are for the scripts

QUEUE_TIMEOUT=$(seconds 500)ms
LATE=$(seconds 1500) # disk_queue_timeout + 1 s, in ms: the latest answer to a request that waits when the storage hangs
AT_ONCE=$(seconds 100)

# HOST PATH...: requests the paths at once, and prints "STATUS MILLISECONDS RETRY-AFTER PATH" for each; status 000 is a
# timeout of the client. CURL_EXTRA is another line for the configuration of curl.
ask_all() {
	local host=$1 config=$DIR/curls.$BASHPID path lines
	for path in "${@:2}"; do
		printf -v lines '%surl = "%s%s"\nheader = "Host: %s"\noutput = /dev/null\nmax-time = %s\n%s\nwrite-out = "%%{http_code} %%{time_total} -%%header{retry-after} %s\\n"\n' \
			"${lines:+next$'\n'}" "$URL" "$path" "$host" $((10 * RANGED_SLOW)) "${CURL_EXTRA:-}" "$path"
		echo "$lines"
	done >"$config"
	curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 250 --config "$config" 2>/dev/null |
		awk '{ $2 = int($2 * 1000); print }'
}

# FILE: prints the statuses of ask_all with their numbers, such as "200*3 503*1".
statuses() { perl -lane '$n{$F[0]}++; END { print join " ", map { "$_*$n{$_}" } sort keys %n }' "$1"; }
slowest() { awk '$2 > most { most = $2 } END { print most + 0 }' "$1"; }                 # FILE: ms
# FILE PERCENT PATH: prints a percentile of the times of the paths that begin with PATH.
percentile() { perl -lane 'BEGIN { ($percent, $path) = splice @ARGV, 0, 2 } push @times, $F[1] if index($F[3], $path) == 0;
	END { print +(sort { $a <=> $b } @times)[int((@times - 1) * $percent / 100)] }' "$2" "$3" "$1"; }

# NAME FILE COUNT MS: checks that all responses of ask_all are 503 with Retry-After, and arrived within MS.
all_rejected() {
	local slowest rejected others
	read -r slowest rejected others < <(awk '$2 > most { most = $2 } /^503 [0-9]+ -[1-9]/ { rejected++ } { n[$1]++ }
		END { printf "%d %d", most, rejected; for (s in n) printf " %s*%d", s, n[s]; print "" }' "$2")
	is "$others" "503*$3" "$1: all requests are answered with 503"
	is "$rejected" "$3" "$1: all responses have Retry-After"
	at_most "$slowest" "$4" "$1: the slowest response arrives in time (ms)"
}

# NAME FILE COUNT [MS]: checks that all responses of ask_all are 200.
all_served() {
	is "$(statuses "$2")" "200*$3" "$1: all requests are served"
	[ $# -lt 4 ] || at_most "$(slowest "$2")" "$4" "$1: the slowest response arrives in time (ms)"
}

served() { get "$2" -H "Host: $1" && [ "$STATUS" = 200 ]; } # HOST PATH
rejected() { get "$2" -H "Host: $1" --max-time "$(seconds 10)" && [ "$STATUS" = 503 ]; }
logged() { [ "$(grep -cE "$1" "$DIR/error.log")" = "$2" ]; } # REGEX COUNT
thread_count() { find "/proc/$PID/task" -mindepth 1 -maxdepth 1 | wc -l; }
