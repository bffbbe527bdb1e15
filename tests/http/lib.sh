# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The harness of the tests that speak HTTP to a running ranged. A test is a bash script of one behaviour:
#
#	. "$(dirname "$0")/../lib.sh"
#	make_file hello.bin 10007
#	start_ranged
#	get /hello.bin -H 'Range: bytes=0-99'
#	is "$STATUS" 206 "a range is served"
#	cmp_range hello.bin 0 99 "a range has the file's bytes"
#	finish
#
# It prints TAP and runs alone, from any folder: RANGED=build/ranged tests/http/ranges/single.sh
#
#	RANGED        the program (default: $top_builddir/ranged, else build/ranged of this checkout)
#	RANGED_PROBE  ranged-probe (default: beside it)
#	RANGED_SIGN   ranged-sign, likewise
#	RANGED_SLOW   how much longer than on an idle machine things may take (default 1, under sanitizers 8)
#	RANGED_KEEP   set: keep the folder of the test
#
# Each test has a folder of its own below the current one (a disk: /tmp may be a tmpfs, which knows no O_DIRECT), removed at the end.

set -u
export LC_ALL=C
STARTED=${EPOCHREALTIME//[.,]/}

LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RANGED=${RANGED:-${top_builddir:-$LIB/../../build}/ranged}
[ -x "$RANGED" ] || { echo "Bail out! no program at $RANGED"; exit 1; }
RANGED=$(cd "$(dirname "$RANGED")" && pwd)/${RANGED##*/}
RANGED_PROBE=${RANGED_PROBE:-${RANGED%/*}/ranged-probe}
RANGED_SIGN=${RANGED_SIGN:-${RANGED%/*}/ranged-sign}
ID=$(basename "$0" .sh)

SANITIZED=
case $(ldd "$RANGED" 2>/dev/null) in *libasan* | *libtsan* | *libubsan*) SANITIZED=1 ;; esac
export RANGED_SLOW=${RANGED_SLOW:-${SANITIZED:+8}}
export RANGED_SLOW=${RANGED_SLOW:-1}

DIR=$(mktemp -d "$PWD/$ID.XXXXXX") || exit 1
chmod 755 "$DIR"
ROOT=$DIR/www # what is served
HEAD=$DIR/head
BODY=$DIR/body
mkdir "$ROOT"

# --- TAP ---

TESTS=0 FAILED=0 FINISHED=

pass() { TESTS=$((TESTS + 1)); echo "ok $TESTS - $1"; }

fail() { # NAME [WHY]
	TESTS=$((TESTS + 1)) FAILED=$((FAILED + 1))
	echo "not ok $TESTS - $1"
	[ $# -lt 2 ] || diag "${@:2}"
	# The test is at the bottom of the stack.
	diag "at ${0##*/} line ${BASH_LINENO[-2]}"
}

diag() { printf '%s\n' "$@" | head -n 12 | cut -c 1-300 | sed 's/^/# /'; }

ok() { # NAME COMMAND...
	local output
	if output=$("${@:2}" 2>&1); then pass "$1"; else fail "$1" "failed: ${*:2}" "$output"; fi
}

not_ok() { # NAME COMMAND...
	local output
	if output=$("${@:2}" 2>&1); then fail "$1" "did not fail: ${*:2}" "$output"; else pass "$1"; fi
}

is() { # GOT EXPECTED NAME
	if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "got:      $1" "expected: $2"; fi
}

isnt() { # GOT UNWANTED NAME
	if [ "$1" != "$2" ]; then pass "$3"; else fail "$3" "got: $1"; fi
}

like() { # GOT EXTENDED-REGEX NAME
	if [[ $1 =~ $2 ]]; then pass "$3"; else fail "$3" "got:      $1" "expected: $2"; fi
}

at_most() { # GOT LIMIT NAME
	if [ "$1" -le "$2" ]; then pass "$3"; else fail "$3" "got $1, at most $2"; fi
}

at_least() { # GOT LIMIT NAME
	if [ "$1" -ge "$2" ]; then pass "$3"; else fail "$3" "got $1, at least $2"; fi
}

skip_all() { # REASON
	echo "1..0 # SKIP $1"
	FINISHED=1
	exit 0
}

# Whether the program runs with libmicrohttpd 1.0 or later, whose parser rejects more than that of 0.9.
since_mhd_1() { "$RANGED" --version </dev/null | grep -q '^libmicrohttpd [1-9]'; }

need_root() { [ "$(id -u)" = 0 ] || skip_all "needs root"; }

need_cmd() {
	local command
	for command; do
		command -v "$command" >/dev/null || skip_all "needs $command"
	done
}

# The last line of every test: stops the server, prints the plan.
finish() {
	[ -z "$PID" ] || stop_ranged
	echo "1..$TESTS"
	FINISHED=1
	[ $FAILED = 0 ]
	exit
}

clean_up() {
	local status=$?
	trap - EXIT
	[ -z "$PID" ] || kill -KILL "$PID" 2>/dev/null
	end_descendants
	wait 2>/dev/null
	[ -n "$FINISHED" ] || { echo "Bail out! $ID ended early"; status=1; }
	if [ $FAILED != 0 ] || [ -z "$FINISHED" ]; then show_logs; fi
	type -t clean_up_more >/dev/null && clean_up_more
	[ -n "${RANGED_KEEP:-}" ] || rm -rf "$DIR"
	show_times
	exit $status
}

# Prints how long the test took, and the processor time of the test and of all that it waited for. tests/summary.sh --slowest reads these lines.
show_times() {
	local now=${EPOCHREALTIME//[.,]/} stat
	read -r stat <"/proc/$$/stat"
	read -ra stat <<<"${stat##*) }"
	echo "# took $(((now - STARTED) / 1000)) ms, of that $(((stat[11] + stat[12] + stat[13] + stat[14]) * 1000 / $(getconf CLK_TCK))) ms of processor time"
}

# Whatever the test left running in the background, and what that started; nothing else.
end_descendants() {
	perl -e '
		my %children;
		for my $stat (glob "/proc/[0-9]*/stat") {
			open my $in, "<", $stat or next;
			push @{$children{$2}}, $1 if (<$in> // "") =~ /^(\d+) \(.*\) \S (\d+)/s;
		}
		my @found = @{$children{$ARGV[0]} // []};
		for my $process (@found) {
			push @found, @{$children{$process} // []};
			kill "TERM", $process if $process != $$;
		}' "$$"
}

show_logs() {
	local log
	for log in "$DIR"/stderr* "$DIR"/error.log; do
		[ -s "$log" ] || continue
		diag "--- ${log##*/}"
		tail -n 40 "$log" | cut -c 1-400 | sed 's/^/# /'
	done
}

# --- the server ---

PID=
PREFIX=()                # put before the program: strace, setpriv, a shell with a ulimit
LISTEN=127.0.0.1:0       # empty: the test gives its own
LOGS=1                   # empty: the configuration of the test names them
CACHE=32M
STOP_SECONDS=$((15 * RANGED_SLOW))
START_COUNT=0

trap clean_up EXIT
trap 'exit 1' INT TERM HUP

seconds() { echo $(($1 * RANGED_SLOW)); } # a time limit, scaled

# Waits until the command succeeds. Gives up after that many seconds, or 2 s after the server has ended in the meantime.
await() { # SECONDS COMMAND...
	local end=$((SECONDS + $1 * RANGED_SLOW + 1)) served=
	shift
	! running || served=1
	until "$@" 2>/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		if [ -n "$served" ] && ! running; then
			diag "the server ended while the test waited for: $*"
			served=
			[ $((SECONDS + 2)) -ge $end ] || end=$((SECONDS + 2))
		fi
		sleep 0.02
	done
}

# Ends the test when the server has ended: whatever the test would wait for next could never happen.
must_run() {
	running || { diag "the server has ended"; exit 1; }
}

config() { # LINE...: writes $DIR/ranged.conf, which start_ranged then uses
	printf '%s\n' "$@" >"$DIR/ranged.conf"
}

# Serves $ROOT. Sets PID, ADDRESS ("127.0.0.1:4711") and URL. The options are ranged's.
start_ranged() {
	launch_ranged "$@"
	await 20 listening_or_dead
	[ -s "$DIR/address" ] || { diag "ranged did not start"; PID=; exit 1; }
	use_address "$(head -n 1 "$DIR/address")"
}

# The same without waiting for it to listen.
launch_ranged() {
	local options=(--address-file "$DIR/address")
	[ -z "$LOGS" ] || options+=(--access-log "$DIR/access.log" --error-log "$DIR/error.log")
	[ -z "$CACHE" ] || options+=(--cache-size "$CACHE")
	[ -z "$LISTEN" ] || options+=(--listen "$LISTEN")
	[ ! -e "$DIR/ranged.conf" ] || options+=(--config "$DIR/ranged.conf")
	START_COUNT=$((START_COUNT + 1))
	rm -f "$DIR/address"
	"${PREFIX[@]}" "${CLOCKED[@]}" "$RANGED" "${options[@]}" "$@" ${ROOT:+"$ROOT"} </dev/null >"$DIR/stdout" 2>"$DIR/stderr.$START_COUNT" &
	PID=$!
}

# SIGHUP, and waits until the log says what became of it.
reload_ranged() {
	local before
	must_run
	before=$(reloads)
	kill -HUP "$PID"
	await 10 reloaded_after "$before" || { diag "it was not reloaded"; must_run; }
}
reloads() { grep -cE '(configuration reloaded|reload failed)' "$DIR/error.log"; }
reloaded_after() { [ "$(reloads)" -gt "$1" ]; }

listening_or_dead() { [ -s "$DIR/address" ] || ! running; }
running() { kill -0 "$PID" 2>/dev/null; }
stopped() { ! running; }

use_address() {
	ADDRESS=$1
	URL=http://$1
}

# SIGTERM; ranged must then exit 0 in time, and no sanitizer may have said anything.
stop_ranged() {
	local status
	kill -TERM "$PID" 2>/dev/null
	end_ranged
	status=$?
	if [ $status = 0 ]; then
		pass "ranged stopped cleanly"
	else
		fail "ranged stopped cleanly" "status $status (137: it had to be killed)"
	fi
}

# Waits for its end, SIGKILL when it is overdue. The result is the exit status, or 99 for a sanitizer's report.
end_ranged() {
	local status
	await_exit || { diag "ranged did not stop within $STOP_SECONDS s"; kill -KILL "$PID"; }
	wait "$PID"
	status=$?
	PID=
	if grep -qE 'ERROR: [A-Za-z]+Sanitizer|WARNING: [A-Za-z]+Sanitizer|runtime error:' "$DIR/stderr.$START_COUNT"; then
		diag "a sanitizer's report, status $status"
		status=99
	fi
	return $status
}

await_exit() {
	local end=$((SECONDS + STOP_SECONDS + 1))
	while running; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

# --- the clock ---

CLOCKED=() # put before a program: it then has the clock that advance moves

# Lets the test move the clock of every ranged that it starts from now on. See tests/clock.c.
control_clock() {
	local library=${top_builddir:-${RANGED%/*}}/tests/clock.so
	if [ ! -e "$library" ]; then
		library=$DIR/clock.so
		cc -D_GNU_SOURCE -O2 -shared -fPIC -o "$library" "$LIB/../clock.c" || exit
	fi
	head -c 4096 /dev/zero >"$DIR/clock"
	CLOCKED=(env LD_PRELOAD="$library" TEST_CLOCK="$DIR/clock" ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0")
}

# Moves that clock forward, at once or in steps with 10 ms between them. Threads that sleep wake within some milliseconds.
# The times of files remain those of the kernel.
advance() { perl "$LIB/advance.pl" "$DIR/clock" "$1" "${2:-$1}" || exit; } # SECONDS [STEP]

# Lets that clock run several times as fast as the kernel's, until stop_fast_clock.
start_fast_clock() { perl "$LIB/advance.pl" "$DIR/clock" 100000 0.05 & FAST_CLOCK=$!; }
stop_fast_clock() {
	kill "$FAST_CLOCK"
	wait "$FAST_CLOCK" 2>/dev/null
}

# The milliseconds since 1970 by that clock.
clock_ms() { echo $(($(date +%s%3N) + $(od -An -td8 -N8 "$DIR/clock") / 1000000)); }
await_clock() { while [ "$(clock_ms)" -lt "$1" ]; do sleep 0.01; done; } # MILLISECONDS since 1970

# /proc of the server
cpu_ticks() { awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$PID/stat"; }
rss_kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$PID/status"; }
fd_count() { find "/proc/$PID/fd" -mindepth 1 2>/dev/null | wc -l; }
socket_count() { find "/proc/$PID/fd" -lname 'socket:*' 2>/dev/null | wc -l; }
fds_at_most() { [ "$(fd_count)" -le "$1" ]; }
sockets_at_most() { [ "$(socket_count)" -le "$1" ]; }
read_bytes() { awk '/^read_bytes:/ { print $2 }' "/proc/$PID/io"; } # from the disk
take_stats() { # has ranged log what it has counted, into $DIR/stats
	local before
	must_run
	before=$(grep -c 'stats cache bytes' "$DIR/error.log")
	kill -USR2 "$PID"
	await 10 stats_after "$before" || { diag "no stats came"; must_run; return 1; }
}
stats_after() { # COUNT
	awk -v before="$1" '/stats cache bytes/ { seen++ } seen > before' "$DIR/error.log" >"$DIR/stats" && grep -q 'stats end' "$DIR/stats"
}
stat_of() { # KEY [LINE-PATTERN]: its value in what take_stats took
	grep -e "${2:-stats}" "$DIR/stats" | grep -oE " $1=[^ ]*" | head -n 1 | cut -d = -f 2
}
threads() { # NAME-GLOB: the ids of the threads of that name
	local comm
	for comm in "/proc/$PID/task"/*/comm; do
		# shellcheck disable=SC2254
		case $(cat "$comm") in $1) basename "$(dirname "$comm")" ;; esac
	done
}

# --- ranged-probe ---

# Runs it with these options. Sets RC; what it prints goes to $DIR/probe.out and $DIR/probe.err.
run_probe() {
	"${PREFIX[@]}" "$RANGED_PROBE" "$@" </dev/null >"$DIR/probe.out" 2>"$DIR/probe.err"
	RC=$?
	[ "$RC" -lt 2 ] || diag "ranged-probe $*: status $RC: $(head -n 3 "$DIR/probe.err")"
}

# KEY[.KEY...]: that value of the JSON object that was printed last, or "null".
probe_value() { probe_expression "\$j->{${1//./\}{}}"; }

# EXPRESSION: what it comes to in Perl, where $j is that object.
probe_expression() {
	perl -MJSON::PP -e '
		local $/;
		open my $in, "<", $ARGV[1] or die;
		our $j = decode_json(<$in>);
		my $value = eval $ARGV[0];
		die $@ if $@;
		print ref $value eq "ARRAY" ? "@$value" : $value // "null", "\n"' "$1" "$DIR/probe.out" 2>&1
}

# --- ranged-sign ---

# "id secret", one a line, into $DIR/keys.
make_keys() {
	(umask 077 && printf '%s\n' "$@" >"$DIR/keys")
}

# URL-OR-PATH [OPTION...]: signed with them.
sign() { "$RANGED_SIGN" --key-file "$DIR/keys" "$@"; }

# EXPIRY PATH [prefix|path [ADDRESS [RATE]]]: the code for it by openssl, with the secret "0123456789abcdef".
code_of() {
	printf 'ranged1\n%s\n%s\n%s\n%s\n%s' "$1" "${4:-}" "${5:-}" "${3:-path}" "$2" |
		openssl dgst -sha256 -mac HMAC -macopt hexkey:30313233343536373839616263646566 -binary | openssl base64 | tr '+/' '-_' | tr -d '='
}

# --- files ---

# NAME SIZE...: pseudo-random bytes below $ROOT, the same ones every time; older than the 2 s within which an entity tag is weak.
make_file() {
	local names=()
	perl "$LIB/pattern.pl" "$ROOT" "$@" || { echo "Bail out! no files to serve"; exit 1; }
	while [ $# -gt 0 ]; do
		names+=("$ROOT/$1")
		shift 2
	done
	age "${names[@]}"
}

make_sizes() { # SIZE...: files SIZE.bin
	local size files=()
	for size; do files+=("$size.bin" "$size"); done
	make_file "${files[@]}"
}

make_text() { # NAME TEXT
	mkdir -p "$ROOT/${1%"${1##*/}"}"
	printf '%s' "$2" >"$ROOT/$1"
	age "$ROOT/$1"
}

# FILE.gz, FILE.zst or FILE.br...: those files below $ROOT, compressed; as old as they. Of .br, which is not checked, some bytes.
make_variants() {
	local variant
	for variant; do
		case $variant in
		*.gz) gzip -cn "$ROOT/${variant%.gz}" ;;
		*.zst) zstd_of "$ROOT/${variant%.zst}" ;;
		*.br) head -c $(($(size_of "$ROOT/${variant%.br}") / 2 + 1)) "$ROOT/${variant%.br}" ;;
		esac >"$ROOT/$variant" || { echo "Bail out! no $variant"; exit 1; }
		touch -r "$ROOT/${variant%.*}" "$ROOT/$variant"
	done
}

# FILE [DESCRIPTOR SIZE-IN-HEX]: a zstd frame of it, uncompressed, with this descriptor and what follows it instead of its size.
zstd_of() {
	perl -e '
		my ($file, $descriptor, $size) = @ARGV;
		open my $in, "<:raw", $file or die "$file: $!";
		my $left = -s $in;
		print "\x28\xb5\x2f\xfd", defined $descriptor ? pack("C", oct $descriptor) . pack("H*", $size // "") : "\xa0" . pack("V", $left);
		do {
			my $length = $left < 131072 ? $left : 131072;
			read($in, my $bytes, $length) == $length or die;
			$left -= $length;
			print substr(pack("V", ($left == 0) | $length << 3), 0, 3), $bytes;
		} while $left > 0' "$@"
}

age() { touch -d '2020-02-02 02:02:02.123456789 UTC' "$@"; }

size_of() { stat -L -c %s "$1"; }

# Where mtime stands in HTTP's first form, plus so many seconds.
http_date() { # FILE [SECONDS]
	date -u -d "@$(($(stat -L -c %Y "$1") + ${2:-0}))" '+%a, %d %b %Y %H:%M:%S GMT'
}

# The tag of a file as the README has it.
etag_of() {
	local mtime
	mtime=$(stat -L -c %.9Y "$1")
	printf '"%x-%x"' $((${mtime%.*} * 1000000000 + 10#${mtime#*.})) "$(size_of "$1")"
}

# FILE FIRST LAST [NAME [BODY]]: the body is exactly that part of a file below $ROOT (or of an absolute one).
cmp_range() {
	local file=$1 body=${5:-$BODY} size
	[ "${file#/}" != "$file" ] || file=$ROOT/$file
	size=$(size_of "$body")
	if [ "$size" != $(($3 - $2 + 1)) ]; then
		fail "${4:-bytes $2-$3 of $1}" "the body has $size bytes, not $(($3 - $2 + 1))"
	else
		ok "${4:-bytes $2-$3 of $1}" same_range "$file" "$2" "$3" "$body"
	fi
}

same_range() { # FILE FIRST LAST BODY
	[ "$(size_of "$4")" = $(($3 - $2 + 1)) ] && cmp -i "$2:0" -n $(($3 - $2 + 1)) "$1" "$4"
}

cmp_whole() { # FILE [NAME [BODY]]
	local file=$1
	[ "${file#/}" != "$file" ] || file=$ROOT/$file
	ok "${2:-all of $1}" cmp "$file" "${3:-$BODY}"
}

# --- requests ---

# The sizes at which sectors, pages and blocks begin and end.
ODD_SIZES="1 511 512 513 4095 4096 4097 65535 65536 65537 1048575 1048576 1048577"

# Asks for ranges at and around every such boundary of files SIZE.bin, by one process of curl, and compares them all.
check_odd_ranges() { # NAME [CURL-OPTION...]
	local size edge first length last count
	for size in $ODD_SIZES; do
		for edge in 0 512 4096 65536 262144 1048576; do
			for first in $((edge - 1)) $edge $((edge + 1)); do
				for length in 1 2 513 4097 300000; do
					last=$((first + length - 1))
					if [ "$first" -ge 0 ] && [ "$first" -lt "$size" ]; then
						[ $last -lt "$size" ] || last=$((size - 1))
						echo "$size.bin $first $last"
					fi
				done
			done
		done
	done | sort -u >"$DIR/odd"
	count=$(wc -l <"$DIR/odd")
	awk -v url="$URL" -v out="$DIR/odd." 'NR > 1 { print "next" }
		{ printf "url = \"%s/%s\"\nrange = \"%s-%s\"\noutput = \"%s%d\"\nfail\n", url, $1, $2, $3, out, NR }' "$DIR/odd" >"$DIR/curls"
	ok "$1: $count odd ranges" curl -sS --no-progress-meter "${@:2}" --config "$DIR/curls"
	is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/odd." "" <"$DIR/odd")" "$count looked at, 0 wrong" "$1: each has the right bytes"
	rm -f "$DIR/odd."*
}

# SEED COUNT SIZE...: ranges of files SIZE.bin, as random as the seed, for get_ranges.
random_ranges() {
	local count=$2 of=("${@:3}") i size a b c
	RANDOM=$1
	for i in $(seq "$count"); do
		size=${of[RANDOM % ${#of[@]}]}
		a=$(((RANDOM * 32768 + RANDOM) % size)) b=$(((RANDOM * 32768 + RANDOM) % size))
		[ $a -le $b ] || { c=$a a=$b b=$c; }
		echo "$size.bin $a $b"
	done >"$DIR/ranges"
}

# STEP COUNT FILE: ranges of 5000 bytes, so far apart, for get_ranges.
spaced_ranges() {
	local i
	for i in $(seq "$2"); do echo "$3 $((i * $1)) $((i * $1 + 4999))"; done >"$DIR/ranges"
}

# NAME PARALLEL [CURL-OPTION...]: asks for the ranges in $DIR/ranges, so many at once; they go to $DIR/out.1 and on.
get_ranges() {
	awk -v url="$URL" -v out="$DIR/out." 'NR > 1 { print "next" }
		{ printf "url = \"%s/%s\"\nrange = \"%s-%s\"\noutput = \"%s%d\"\n", url, $1, $2, $3, out, NR }' "$DIR/ranges" >"$DIR/curls"
	ok "$1" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max "$2" "${@:3}" --config "$DIR/curls"
}

# COUNT [ROOT]: all of them were had, and each has the right bytes.
compare_ranges() {
	is "$(perl "$LIB/compare.pl" "${2:-$ROOT}" "$DIR/out." "" <"$DIR/ranges")" "$1 looked at, 0 wrong" "all have the right bytes"
}

# NAME PATH [CURL-OPTION...]: downloads in the background and counts the bytes, until stop_counts.
start_count() {
	curl -sS -N "${@:3}" "$URL$2" > >(wc -c >"$DIR/$1.count") 2>/dev/null &
	COUNTS+=($!)
}
COUNTS=()
stop_counts() {
	kill "${COUNTS[@]}" 2>/dev/null
	await 10 no_empty_count
}
no_empty_count() { [ -z "$(find "$DIR" -name '*.count' -empty)" ]; }
bytes_of() { # GLOB: all bytes of the downloads of these names
	find "$DIR" -name "$1.count" -exec cat {} + | awk '{ sum += $1 } END { print sum }'
}

# PATH [CURL-OPTION...]: sets STATUS and RC (curl's); header fields to $HEAD, the body to $BODY.
get() {
	local path=$1
	shift
	: >"$BODY"
	: >"$HEAD"
	STATUS=$(curl -sS -g --path-as-is --max-time "$(seconds 60)" -D "$HEAD" -o "$BODY" -w '%{http_code}' "$@" "$URL$path" 2>"$DIR/curl")
	RC=$?
}

get_range() { # RANGES PATH [CURL-OPTION...]
	get "$2" -H "Range: bytes=$1" "${@:3}"
}

head_of() { get "$1" --head "${@:2}"; }

# The value of a field of the last answer; fails when there is none.
header() { # NAME [FILE]
	awk -v name="$1" 'BEGIN { status = 1; name = tolower(name) ":" }
		index(tolower($0), name) == 1 { sub(/^[^:]*:[ \t]*/, ""); sub(/[ \t]*\r?$/, ""); print; status = 0 }
		END { exit status }' "${2:-$HEAD}"
}

header_count() { grep -ic "^$1:" "${2:-$HEAD}"; }

# Bytes as they are, from stdin, to the server; what comes back to stdout until it closes. See wire.pl.
wire() { perl "$LIB/wire.pl" "$@" "$ADDRESS"; }

# TEXT [WIRE-OPTION...]: sends printf's rendering of TEXT, splits the answers into $DIR/1.head, $DIR/1.body, $DIR/2.head …;
# sets STATUS of the first, STATUSES of all, RC of wire.pl (0: the server closed, 3: it did not, 4: reset). -m METHODS: see replies.pl.
ask() {
	local text=$1 methods=
	shift
	if [ "${1:-}" = -m ]; then methods=$2; shift 2; fi
	rm -f "$DIR"/[0-9]*.head "$DIR"/[0-9]*.body
	# shellcheck disable=SC2059
	printf "$text" | wire "$@" >"$DIR/reply" 2>"$DIR/wire"
	# shellcheck disable=SC2034
	RC=$?
	STATUSES=$(perl "$LIB/replies.pl" "$DIR/reply" "$DIR/" "$methods")
	# shellcheck disable=SC2034
	STATUS=${STATUSES%% *}
}

# BOUNDARY TYPE FILE FIRST-LAST...: what a multipart/byteranges body must be, to stdout.
multipart_reference() {
	perl -e '
		my ($boundary, $type, $file) = splice @ARGV, 0, 3;
		open my $in, "<:raw", $file or die "$file: $!";
		my $size = -s $in;
		for my $range (@ARGV) {
			my ($first, $last) = split /-/, $range;
			print "\r\n--$boundary\r\nContent-Type: $type\r\nContent-Range: bytes $range/$size\r\n\r\n";
			sysseek $in, $first, 0 or die;
			sysread($in, my $bytes, $last - $first + 1) == $last - $first + 1 or die;
			print $bytes;
		}
		print "\r\n--$boundary--\r\n"' "$@"
}

boundary_of() { header Content-Type "${1:-$HEAD}" | sed -n 's/^multipart\/byteranges; *boundary="\{0,1\}\([0-9A-Za-z_.-]*\)"\{0,1\}$/\1/p'; }

# FILE FIRST-LAST...: the last answer is 206, a multipart of exactly these ranges, byte by byte, with its exact length.
is_multipart() {
	local file=$1 name="multipart of ${*:2}" boundary
	[ $# -le 10 ] || name="multipart of $(($# - 1)) ranges"
	shift
	boundary=$(boundary_of)
	[ "$STATUS" = 206 ] || { fail "$name" "status $STATUS, curl $RC" "$(cat "$HEAD")" "$(tail -n 2 "$DIR/access.log")"; return; }
	[ -n "$boundary" ] || { fail "$name" "no boundary in: $(header Content-Type)"; return; }
	multipart_reference "$boundary" "$(header Content-Type "$DIR/whole.head")" "$ROOT/$file" "$@" >"$DIR/expected"
	[ "$(header Content-Length)" = "$(size_of "$DIR/expected")" ] ||
		{ fail "$name" "Content-Length is $(header Content-Length), not $(size_of "$DIR/expected")"; return; }
	ok "$name" cmp "$DIR/expected" "$BODY"
}

# The header fields of the whole file, which is_multipart() takes the type of the parts from.
get_whole_head() { head_of "$1"; cp "$HEAD" "$DIR/whole.head"; }
