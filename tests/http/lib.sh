# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The harness of the tests that send HTTP requests to a running ranged. A test is a bash script that tests one behaviour:
#
#	. "$(dirname "$0")/../lib.sh"
#	make_file hello.bin 10007
#	start_ranged
#	get /hello.bin -H 'Range: bytes=0-99'
#	is "$STATUS" 206 "the status of a range is 206"
#	cmp_range hello.bin 0 99 "a range has the bytes of the file"
#	finish
#
# It prints TAP, and it can be run alone from any directory: RANGED=build/ranged tests/http/ranges/single.sh
# tests/README is the introduction.
#
#	RANGED        the program (default: $top_builddir/ranged, else build/ranged of this source tree)
#	RANGED_PROBE  ranged-probe (default: in the directory of RANGED)
#	RANGED_SIGN   ranged-sign (default: in the directory of RANGED)
#	RANGED_SANITIZER  the sanitizers of the program, or "no" (default: found with ldd)
#	RANGED_SLOW   factor for all time limits (default: 1, with sanitizers 8)
#	RANGED_KEEP   if set, the directory of the test is kept
#
# Each test has its own directory below the current one, which is removed at the end. The current directory should be on a
# disk: /tmp may be a tmpfs, which does not support O_DIRECT.

set -u
export LC_ALL=C
STARTED=${EPOCHREALTIME//[.,]/}

LIB=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
RANGED=${RANGED:-${top_builddir:-$LIB/../../build}/ranged}
[ -x "$RANGED" ] || { echo "Bail out! no program at $RANGED"; exit 1; }
case $RANGED in
/*) ;;
*/*) RANGED=$(cd "${RANGED%/*}" && pwd)/${RANGED##*/} ;;
*) RANGED=$PWD/$RANGED ;;
esac
RANGED_PROBE=${RANGED_PROBE:-${RANGED%/*}/ranged-probe}
RANGED_SIGN=${RANGED_SIGN:-${RANGED%/*}/ranged-sign}
ID=${0##*/}
ID=${ID%.sh}

SANITIZED=
case ${RANGED_SANITIZER:-$(ldd "$RANGED" 2>/dev/null)} in address* | thread* | undefined* | *libasan* | *libtsan* | *libubsan*) SANITIZED=1 ;; esac
export RANGED_SLOW=${RANGED_SLOW:-${SANITIZED:+8}}
export RANGED_SLOW=${RANGED_SLOW:-1}

DIR=$PWD/$ID.${STARTED: -6}
ROOT=$DIR/www # the root of ranged
HEAD=$DIR/head
BODY=$DIR/body
mkdir -m 755 "$DIR" "$ROOT" || exit 1
NEVER=99 # a pipe without data, for pause; tests choose lower numbers
exec 99<> <(:)

# --- TAP ---

TESTS=0 FAILED=0 FINISHED=

pass() { TESTS=$((TESTS + 1)); echo "ok $TESTS - $1"; }

fail() { # NAME [WHY]
	TESTS=$((TESTS + 1)) FAILED=$((FAILED + 1))
	echo "not ok $TESTS - $1"
	[ $# -lt 2 ] || diag "${@:2}"
	# The last frame of the stack is the line of the test.
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

# Returns true if the program runs with libmicrohttpd 1.0 or later, whose parser is stricter than that of 0.9.
since_mhd_1() { "$RANGED" --version </dev/null | grep -q '^libmicrohttpd [1-9]'; }

# Returns true if long bodies are sent in this way: "direct" or "callback". RANGED_SEND=callback enforces the latter.
sender_is() {
	local sender=callback
	! "$RANGED" --version </dev/null | grep -qw direct || sender=direct
	[ "$1" = $sender ]
}

need_root() { [ "$(id -u)" = 0 ] || skip_all "needs root"; }

# NAME CC-ARGUMENT...: puts the test program tests/NAME of the build directory into $DIR, or compiles it there.
need_program() {
	local program=${top_builddir:-${RANGED%/*}}/tests/$1
	[ ! -e "$DIR/$1" ] || return
	if [ -x "$program" ]; then
		ln -s "$program" "$DIR/$1"
	else
		need_cmd cc
		cc -std=gnu17 -O2 -Wall -o "$DIR/$1" "${@:2}" || exit
	fi
}

need_cmd() {
	local command
	for command; do
		command -v "$command" >/dev/null || skip_all "needs $command"
	done
}

# Stops the server and prints the plan. This is the last line of every test.
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

# Prints the duration of the test, and the processor time of the test and of its children. tests/summary.sh --slowest
# reads these lines.
show_times() {
	local now=${EPOCHREALTIME//[.,]/} stat
	read -r stat <"/proc/$$/stat"
	read -ra stat <<<"${stat##*) }"
	# The kernel counts hundredths of a second.
	echo "# took $(((now - STARTED) / 1000)) ms, of that $(((stat[11] + stat[12] + stat[13] + stat[14]) * 10)) ms of processor time"
}

# Ends all descendants of the test, and no other process.
end_descendants() {
	has_children || return
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

# Not every kernel has /proc/PID/task/TID/children.
has_children() {
	local stat line
	for stat in /proc/[0-9]*/stat; do
		read -r line <"$stat" && [[ ${line##*) } == ?" $$ "* ]] && return
	done 2>/dev/null
	return 1
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
PREFIX=()                # the command that runs the program: strace, setpriv, a shell with a ulimit
LISTEN=127.0.0.1:0       # empty: the test has its own listen key
LOGS=1                   # empty: the test configures the logs
CACHE=32M
STOP_SECONDS=$((15 * RANGED_SLOW))
START_COUNT=0

trap clean_up EXIT
trap 'exit 1' INT TERM HUP

seconds() { echo $(($1 * RANGED_SLOW)); } # scales a time limit

# Waits until the command succeeds. Fails after that many seconds, or 2 s after the server has ended.
await() { # SECONDS COMMAND...
	local served=
	! running || served=1
	poll_until "$@"
}

# The same for an event that only the server can cause: it may have ended before the wait began.
await_server() { # SECONDS COMMAND...
	local served=1
	poll_until "$@"
}

poll_until() { # SECONDS COMMAND...: of await and await_server, which set $served
	local end=$((SECONDS + $1 * RANGED_SLOW + 1)) tries=0
	shift
	until "$@" 2>/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		if [ -n "$served" ] && ! running; then
			diag "the server ended while the test waited for: $*"
			served=
			[ $((SECONDS + 2)) -ge $end ] || end=$((SECONDS + 2))
		fi
		pause_longer
	done
}

# SECONDS: like sleep, without a process.
pause() { read -rt "$1" -u "$NEVER" || :; }

# For a loop that waits: pauses for 10 ms to 80 ms, longer each time. The loop has a variable tries, which is 0 at first.
pause_longer() {
	[ "$tries" -ge 7 ] || tries=$((tries + 1))
	pause "0.0$((tries + 1))"
}

# Ends the test if the server has ended, because the next event for which the test waits could never happen.
must_run() {
	running || { diag "the server has ended"; exit 1; }
}

config() { # LINE...: writes $DIR/ranged.conf for the next start_ranged
	printf '%s\n' "$@" >"$DIR/ranged.conf"
}

# Starts ranged with $ROOT and these options. Sets PID, ADDRESS ("127.0.0.1:4711") and URL.
start_ranged() {
	launch_ranged "$@"
	await 20 listening_or_dead
	[ -s "$DIR/address" ] || { diag "ranged did not start"; PID=; exit 1; }
	read -r ADDRESS <"$DIR/address"
	use_address "$ADDRESS"
}

# Starts ranged like start_ranged, but does not wait until it listens.
launch_ranged() {
	local options=(--address-file "$DIR/address")
	[ -z "$LOGS" ] || options+=(--access-log "$DIR/access.log" --error-log "$DIR/error.log")
	[ -z "$CACHE" ] || options+=(--cache-size "$CACHE")
	[ -z "$LISTEN" ] || options+=(--listen "$LISTEN")
	[ ! -e "$DIR/ranged.conf" ] || options+=(--config "$DIR/ranged.conf")
	START_COUNT=$((START_COUNT + 1))
	[ ! -e "$DIR/address" ] || rm "$DIR/address"
	"${PREFIX[@]}" "${PRELOADED[@]}" "$RANGED" "${options[@]}" "$@" ${ROOT:+"$ROOT"} </dev/null >"$DIR/stdout" 2>"$DIR/stderr.$START_COUNT" {NEVER}<&- &
	PID=$!
}

# Sends SIGHUP and waits until the log reports the result.
reload_ranged() {
	local before
	must_run
	before=$(reloads)
	kill -HUP "$PID"
	await_server 10 reloaded_after "$before" || { diag "the result of the reload was not logged"; must_run; }
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

# Sends SIGTERM and checks that ranged exits with status 0 in time, without a report of a sanitizer.
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

# Waits until ranged has ended; sends SIGKILL after STOP_SECONDS. Returns the exit status, or 99 for a report of a
# sanitizer.
end_ranged() {
	local status
	await_exit || { diag "ranged did not stop within $STOP_SECONDS s"; kill -KILL "$PID"; }
	wait "$PID"
	status=$?
	PID=
	if [ -s "$DIR/stderr.$START_COUNT" ] && grep -qE 'ERROR: [A-Za-z]+Sanitizer|WARNING: [A-Za-z]+Sanitizer|runtime error:' "$DIR/stderr.$START_COUNT"; then
		diag "a report of a sanitizer, status $status"
		status=99
	fi
	return $status
}

await_exit() {
	local end=$((SECONDS + STOP_SECONDS + 1)) tries=0
	while running; do
		[ $SECONDS -lt $end ] || return 1
		pause_longer
	done
}

# --- libraries that are preloaded ---

PRELOADED=() # put before a program, which then has the libraries of preload
PRELOADS=    # their files, separated by colons

# NAME: preloads tests/NAME.c into every ranged that the test starts from now on.
preload() {
	local library=${top_builddir:-${RANGED%/*}}/tests/$1.so
	if [ ! -e "$library" ]; then
		library=$DIR/$1.so
		cc -D_GNU_SOURCE -O2 -shared -fPIC -o "$library" "$LIB/../$1.c" || exit
	fi
	PRELOADS+=${PRELOADS:+:}$library
	PRELOADED=(env LD_PRELOAD="$PRELOADS" ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0")
}

# The kernel seems to have no RESOLVE_CACHED, so that no lookup is done on a reactor. See tests/no_resolve_cached.c.
disable_cached_lookups() { preload no_resolve_cached; }

# Appends the calls for files on reactor threads to $DIR/waits, and marks those that waited. See tests/waits.c.
note_waits() {
	preload waits
	export TEST_WAITS=$DIR/waits
}

# --- the clock ---

# Lets the test move the clock of every ranged that it starts from now on. See tests/clock.c.
control_clock() {
	preload clock
	printf 0000000000000000 >"$DIR/clock"
	export TEST_CLOCK=$DIR/clock
}

# Moves that clock forward, at once or in steps with 10 ms between them. Threads that sleep wake within some milliseconds.
# The times of files remain those of the kernel.
advance() { # SECONDS [STEP]
	local left step now gap
	printf -v gap '%d.%02d' $((RANGED_SLOW / 100)) $((RANGED_SLOW % 100))
	to_us left "$1"
	to_us step "${2:-$1}"
	read_clock now
	while [ "$left" -gt 0 ]; do
		write_clock $((now += step))
		[ $((left -= step)) -le 0 ] || pause "$gap"
	done
}

# Lets that clock run several times as fast as the kernel's, until stop_fast_clock.
start_fast_clock() { advance 100000 0.05 & FAST_CLOCK=$!; }
stop_fast_clock() {
	kill "$FAST_CLOCK"
	wait "$FAST_CLOCK" 2>/dev/null
}

# Holds that clock: it moves only by advance, until release_clock. For tests in which no time must pass.
hold_clock() {
	local offset
	read_clock offset
	# The program knows the upper bits. The clock steps by 10 ms, so that it goes back on no machine.
	HELD_US=$(((${EPOCHREALTIME//[.,]/} + 10000) & ((1 << 48) - 1)))
	digits_of HELD $HELD_US
	write_clock "$offset"
}
release_clock() {
	local offset
	read_clock offset
	HELD_US=0 HELD=00000000
	write_clock "$offset"
}
HELD_US=0 HELD=00000000

# The milliseconds since 1970 by that clock.
clock_ms() {
	local offset now=${EPOCHREALTIME//[.,]/}
	[ $HELD_US = 0 ] || now=$((now >> 48 << 48 | HELD_US))
	read_clock offset
	echo $(((now + offset) / 1000))
}

# The offset is in microseconds, in the file as eight digits in base 64 from "0" to "o": none of them is a NUL or a
# newline, at which bash would split the write. Eight digits of the held time follow. These functions start no process.
read_clock() { # VARIABLE
	local digits value=0 digit i
	read -rN 8 digits <"$DIR/clock"
	for i in {0..7}; do
		printf -v digit %d "'${digits:i:1}"
		value=$((value * 64 + digit - 48))
	done
	printf -v "$1" %d "$value"
}
write_clock() { # OFFSET
	local text
	digits_of text "$1"
	printf %s "$text$HELD" 1<>"$DIR/clock"
}
digits_of() { # VARIABLE NUMBER
	local digits='' digit shift
	for shift in 42 36 30 24 18 12 6 0; do
		printf -v digit '\\x%x' $((($2 >> shift & 63) + 48))
		digits+=$digit
	done
	printf -v "$1" %b "$digits"
}
to_us() { # VARIABLE SECONDS
	local part=
	[[ $2 != *.* ]] || part=${2#*.}
	part+=000000
	printf -v "$1" %d $((${2%%.*} * 1000000 + 10#${part:0:6}))
}

# --- numbers of the server ---
cpu_ticks() { awk '{ sub(/^.*\) /, ""); print $12 + $13 }' "/proc/$PID/stat"; }
rss_kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$PID/status"; }
fd_count() { find "/proc/$PID/fd" -mindepth 1 2>/dev/null | wc -l; }
socket_count() { find "/proc/$PID/fd" -lname 'socket:*' 2>/dev/null | wc -l; }
fds_at_most() { [ "$(fd_count)" -le "$1" ]; }
sockets_at_most() { [ "$(socket_count)" -le "$1" ]; }
read_bytes() { awk '/^read_bytes:/ { print $2 }' "/proc/$PID/io"; } # from the disk
take_stats() { # writes the report of SIGUSR2 to $DIR/stats
	local before
	must_run
	before=$(grep -c 'stats cache bytes' "$DIR/error.log")
	kill -USR2 "$PID"
	await_server 10 stats_after "$before" || { diag "SIGUSR2 logged no report"; must_run; return 1; }
}
stats_after() { # COUNT
	awk -v before="$1" '/stats cache bytes/ { seen++ } seen > before' "$DIR/error.log" >"$DIR/stats" && grep -q 'stats end' "$DIR/stats"
}
stat_of() { # KEY [LINE-PATTERN]: prints a value of the last report
	awk -v key=" $1=" -v line="${2:-stats}" '$0 ~ line && (at = index($0, key)) {
		value = substr($0, at + length(key)); sub(/ .*/, "", value); print value; exit }' "$DIR/stats"
}
threads() { # NAME-GLOB: prints the ids of the threads with matching names
	local comm name
	for comm in "/proc/$PID/task"/*/comm; do
		{ read -r name <"$comm"; } 2>/dev/null || continue
		comm=${comm%/comm}
		# shellcheck disable=SC2254
		case $name in $1) echo "${comm##*/}" ;; esac
	done
}

# --- ranged-probe ---

# Runs ranged-probe with these options. Sets RC; the output goes to $DIR/probe.out and $DIR/probe.err.
run_probe() {
	"${PREFIX[@]}" "$RANGED_PROBE" "$@" </dev/null >"$DIR/probe.out" 2>"$DIR/probe.err"
	RC=$?
	[ "$RC" -lt 2 ] || diag "ranged-probe $*: status $RC: $(head -n 3 "$DIR/probe.err")"
}

# KEY[.KEY...]: prints a value of the JSON object of the last run_probe, or "null".
probe_value() { probe_expression "\$j->{${1//./\}{}}"; }

# EXPRESSION: prints the value of a Perl expression; $j is the JSON object of the last run_probe.
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

# KEY...: writes lines "id secret" to $DIR/keys.
make_keys() {
	(umask 077 && printf '%s\n' "$@" >"$DIR/keys")
}

# URL-OR-PATH [OPTION...]: signs with the keys in $DIR/keys.
sign() { "$RANGED_SIGN" --key-file "$DIR/keys" "$@"; }

# EXPIRY PATH [prefix|path [ADDRESS [RATE]]]: prints the signature computed by openssl with the secret "0123456789abcdef".
code_of() {
	printf 'ranged1\n%s\n%s\n%s\n%s\n%s' "$1" "${4:-}" "${5:-}" "${3:-path}" "$2" |
		openssl dgst -sha256 -mac HMAC -macopt hexkey:30313233343536373839616263646566 -binary | openssl base64 | tr '+/' '-_' | tr -d '='
}

# --- files ---

# NAME SIZE...: makes files of pseudo-random bytes below $ROOT, the same bytes every time. They are old, so their entity
# tags are strong.
make_file() {
	local names=()
	perl "$LIB/pattern.pl" "$ROOT" "$@" || { echo "Bail out! no files to serve"; exit 1; }
	while [ $# -gt 0 ]; do
		names+=("$ROOT/$1")
		shift 2
	done
	age "${names[@]}"
}

make_sizes() { # SIZE...: makes files SIZE.bin
	local size files=()
	for size; do files+=("$size.bin" "$size"); done
	make_file "${files[@]}"
}

make_text() { # NAME TEXT
	mkdir -p "$ROOT/${1%"${1##*/}"}"
	printf '%s' "$2" >"$ROOT/$1"
	age "$ROOT/$1"
}

# FILE.gz, FILE.zst or FILE.br...: makes compressed variants of files below $ROOT, with the same mtime. A .br variant, which
# ranged does not check, contains arbitrary bytes.
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

# FILE [DESCRIPTOR SIZE-IN-HEX]: prints a zstd frame with the uncompressed file. The descriptor and the size in the frame
# header can be replaced.
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

# Prints the mtime plus SECONDS as an HTTP date.
http_date() { # FILE [SECONDS]
	date -u -d "@$(($(stat -L -c %Y "$1") + ${2:-0}))" '+%a, %d %b %Y %H:%M:%S GMT'
}

# Prints the entity tag that a file must have.
etag_of() {
	local mtime size
	read -r mtime size < <(stat -L -c '%.9Y %s' "$1")
	printf '"%x-%x"' $((${mtime%.*} * 1000000000 + 10#${mtime#*.})) "$size"
}

# FILE FIRST LAST [NAME [BODY]]: checks that the body is exactly that range of a file below $ROOT, or with an absolute path.
cmp_range() {
	local file=$1 body=${5:-$BODY} size
	[ "${file#/}" != "$file" ] || file=$ROOT/$file
	size=$(size_of "$body")
	if [ "$size" != $(($3 - $2 + 1)) ]; then
		fail "${4:-the body is bytes $2-$3 of $1}" "the body has $size bytes, not $(($3 - $2 + 1))"
	else
		ok "${4:-the body is bytes $2-$3 of $1}" cmp -i "$2:0" -n "$size" "$file" "$body"
	fi
}

cmp_whole() { # FILE [NAME [BODY]]
	local file=$1
	[ "${file#/}" != "$file" ] || file=$ROOT/$file
	ok "${2:-the body is the whole file $1}" cmp "$file" "${3:-$BODY}"
}

# --- requests ---

# Sizes at and around the boundaries of sectors, pages and extents.
ODD_SIZES="1 511 512 513 4095 4096 4097 65535 65536 65537 1048575 1048576 1048577"

# Requests ranges at and around every such boundary of files SIZE.bin, with one curl process, and compares all of them.
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
	ok "$1: $count ranges are served" curl -sS --no-progress-meter "${@:2}" --config "$DIR/curls"
	is "$(perl "$LIB/compare.pl" "$ROOT" "$DIR/odd." "" <"$DIR/odd")" "$count compared, 0 wrong" \
		"$1: all bodies are correct"
	rm -f "$DIR/odd."*
}

# SEED COUNT SIZE...: writes pseudo-random ranges of files SIZE.bin for get_ranges.
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

# STEP COUNT FILE: writes ranges of 5000 bytes, STEP bytes apart, for get_ranges.
spaced_ranges() {
	local i
	for i in $(seq "$2"); do echo "$3 $((i * $1)) $((i * $1 + 4999))"; done >"$DIR/ranges"
}

# NAME PARALLEL [CURL-OPTION...]: requests the ranges in $DIR/ranges, PARALLEL at a time; the bodies go to $DIR/out.1, ...
get_ranges() {
	awk -v url="$URL" -v out="$DIR/out." 'NR > 1 { print "next" }
		{ printf "url = \"%s/%s\"\nrange = \"%s-%s\"\noutput = \"%s%d\"\n", url, $1, $2, $3, out, NR }' "$DIR/ranges" >"$DIR/curls"
	ok "$1" curl -sS --fail --no-progress-meter --parallel --parallel-immediate --parallel-max "$2" "${@:3}" --config "$DIR/curls"
}

# COUNT [ROOT]: checks that get_ranges got all bodies, with the right bytes.
compare_ranges() {
	is "$(perl "$LIB/compare.pl" "${2:-$ROOT}" "$DIR/out." "" <"$DIR/ranges")" "$1 compared, 0 wrong" \
		"all bodies are correct"
}

# SECONDS [DIRECTORY]: downloads while the held clock advances by that time; paced.pl describes the lines of standard input.
# Sets MS, the time.
download_for() {
	perl "$LIB/paced.pl" "$DIR/clock" "$ADDRESS" "$@" >"$DIR/paced" || exit
	MS=$(($1 * 1000))
	! grep '^#' "$DIR/paced"
}
# Checks that BYTES is between LEAST and MOST percent of what RATE bytes per second give in the time of download_for.
is_rate() { # BYTES RATE LEAST MOST NAME
	at_least "$1" $(($2 * MS * $3 / 100000)) "$5"
	at_most "$1" $(($2 * MS * $4 / 100000)) "$5"
}
# GROUP-PATTERN [sum|min|max]: the bytes of the downloads whose group matches the extended regular expression.
bytes_of() {
	awk -v group="^($1)\$" -v what="${2:-sum}" '$1 ~ group {
		sum += $2
		if (min == "" || $2 < min) min = $2
		if ($2 > max) max = $2
	} END { print what == "min" ? min : what == "max" ? max : sum }' "$DIR/paced"
}

# PATH [CURL-OPTION...]: requests a path with curl. Sets STATUS and RC, the exit status of curl. The header goes to $HEAD,
# the body to $BODY.
get() {
	local path=$1
	shift
	: >"$BODY"
	: >"$HEAD"
	STATUS=$(curl -sS -g --path-as-is --max-time $((60 * RANGED_SLOW)) -D "$HEAD" -o "$BODY" -w '%{http_code}' "$@" "$URL$path" 2>"$DIR/curl")
	RC=$?
}

get_range() { # RANGES PATH [CURL-OPTION...]
	get "$2" -H "Range: bytes=$1" "${@:3}"
}

head_of() { get "$1" --head "${@:2}"; }

# Prints the value of a field of the last response; fails if there is none.
header() { # NAME [FILE]
	local line value status=1
	while IFS= read -r line; do
		[[ ${line,,} == "${1,,}:"* ]] || continue
		value=${line#*:} value=${value%$'\r'}
		value=${value#"${value%%[! $'\t']*}"}
		printf '%s\n' "${value%"${value##*[! $'\t']}"}"
		status=0
	done <"${2:-$HEAD}"
	return $status
}

header_count() { # NAME [FILE]
	local line count=0
	while IFS= read -r line; do [[ ${line,,} != "${1,,}:"* ]] || count=$((count + 1)); done <"${2:-$HEAD}"
	echo $count
}

# [CURL-OPTION...]: sends 1000 requests with queries of 1200 digits. If the access log is not read, its two buffers of
# 512 KiB and the pipe have room for less than 900 of their lines.
overfill_log() {
	local zeros
	printf -v zeros '%01196d' 0
	curl -sS --fail --fail-early -o /dev/null "$@" "$URL/a.bin?${zeros}[0001-1000]"
}

# Sends standard input unchanged to the server, and prints the response until the server closes. See wire.pl.
wire() { perl "$LIB/wire.pl" "$@" "$ADDRESS"; }

# TEXT [WIRE-OPTION...]: sends TEXT as printf prints it, and splits the responses into $DIR/1.head, $DIR/1.body, $DIR/2.head
# and so on. Sets STATUS of the first response, STATUSES of all, and RC of wire.pl (0: the server closed, 3: it did not,
# 4: it reset the connection). For -m METHODS see replies.pl.
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

# BOUNDARY TYPE FILE FIRST-LAST...: prints the multipart/byteranges body that is expected.
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

boundary_of() {
	local boundary='^multipart/byteranges; *boundary="?([0-9A-Za-z_.-]*)"?$'
	[[ ! $(header Content-Type "${1:-$HEAD}") =~ $boundary ]] || echo "${BASH_REMATCH[1]}"
}

# FILE FIRST-LAST...: checks that the last response is a 206 multipart response of exactly these ranges, with its exact
# length.
is_multipart() {
	local file=$1 name="the response is a multipart of ${*:2}" boundary
	[ $# -le 10 ] || name="the response is a multipart of $(($# - 1)) ranges"
	shift
	boundary=$(boundary_of)
	[ "$STATUS" = 206 ] || { fail "$name" "status $STATUS, curl $RC" "$(cat "$HEAD")" "$(tail -n 2 "$DIR/access.log")"; return; }
	[ -n "$boundary" ] || { fail "$name" "no boundary in: $(header Content-Type)"; return; }
	multipart_reference "$boundary" "$(header Content-Type "$DIR/whole.head")" "$ROOT/$file" "$@" >"$DIR/expected"
	[ "$(header Content-Length)" = "$(size_of "$DIR/expected")" ] ||
		{ fail "$name" "Content-Length is $(header Content-Length), not $(size_of "$DIR/expected")"; return; }
	ok "$name" cmp "$DIR/expected" "$BODY"
}

# Requests the header of the whole file, from which is_multipart takes the type of the parts.
get_whole_head() { head_of "$1"; cp "$HEAD" "$DIR/whole.head"; }
