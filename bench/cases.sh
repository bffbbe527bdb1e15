# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The cases of bench/run and the files that they need. A case is a line of case_table: its kind and the arguments of the
# kind. For each kind there is a function serve_KIND, which measures the running server. If fio can produce the same
# load, there is also a function fio_KIND. Both store their figures with record().
#
# Files are named /SET/BYTES/NUMBER below $www, so that null_server can derive the length of a response from its path.
#
# This file uses variables of bench/run: here, scratch and www (paths), round, server, seconds, hertz, those of
# choose_setup, and on_server and on_client (command prefixes that pin a process).
# shellcheck disable=SC2034,SC2154 # variables of bench/run, and variables that bench/run uses

# Sizes, set by use_sizes.
big_bytes='' one_bytes='' stream_bytes='' zipf_files='' zipf_cache='' idle_count='' stalled_count='' many_files='' many_cache=''
readonly big_count=6

use_sizes() { # full | quick
	if [ "$1" = quick ]; then
		big_bytes=$((512 << 20)) one_bytes=$((256 << 20)) zipf_files=4096 zipf_cache=64M idle_count=500 stalled_count=100
		many_files=100000 many_cache=40000K
	else
		big_bytes=$((2 << 30)) one_bytes=$((1 << 30)) zipf_files=16384 zipf_cache=256M idle_count=2000 stalled_count=500
		many_files=1000000 many_cache=400000K
	fi
}

declare -A case_table=(
	# hot BYTES FILES CONNECTIONS
	[hot-1k]="hot 1024 100 32"
	[hot-4k]="hot 4096 100 32"
	[hot-16k]="hot 16384 100 32"
	[hot-64k]="hot 65536 100 32"
	[hot-256k]="hot 262144 50 32"
	[hot-1m]="hot 1048576 16 32"
	[hot-64m]="hot 67108864 1 4"
	# stream CLIENTS
	[cold-stream-1]="stream 1"
	[cold-stream-4]="stream 4"
	# random BYTES ALIGN SHIFT: offsets are multiples of ALIGN, plus SHIFT
	[cold-random-4k]="random 4096 4096 0"
	[cold-random-64k]="random 65536 4096 0"
	[cold-random-odd]="random 10007 2 1"
	[shared-cold]="shared 16"
	# mixed BYTES cold | hot: whether the streams are in memory
	[mixed]="mixed 4096 cold"
	[mixed-hot]="mixed 4096 hot"
	# tls and workers: like hot
	[tls-4k]="tls 4096 100 32"
	[tls-1m]="tls 1048576 16 32"
	[workers]="workers 4096 100 32"
	[page-cache]="page_cache"
	[idle-memory]="memory idle"
	[stalled-memory]="memory stalled"
	[zipf]="zipf"
	# many FILES CONNECTIONS; cold_many FILES; missing NAMES; grow FILES CONNECTIONS
	[hot-many]="many 100000 32"
	[cold-many]="cold_many 100000"
	[404-many]="missing 10000"
	[zipf-many]="zipf_many"
	[name-memory]="names"
	[files-100]="grow 100 32"
	[files-1000]="grow 1000 32"
	[files-10000]="grow 10000 32"
	[files-100000]="grow 100000 32"
	[files-1000000]="grow 1000000 32"
	[clients-32]="grow 10000 32"
	[clients-320]="grow 10000 320"
	[clients-3200]="grow 10000 3200"
)
readonly all_cases="hot-1k hot-4k hot-16k hot-64k hot-256k hot-1m hot-64m cold-stream-1 cold-stream-4 cold-random-4k cold-random-64k \
cold-random-odd shared-cold mixed mixed-hot tls-4k tls-1m workers page-cache idle-memory stalled-memory zipf hot-many cold-many 404-many zipf-many name-memory"
readonly growth_cases="files-100 files-1000 files-10000 files-100000 files-1000000 clients-32 clients-320 clients-3200"

takes_part() { # KIND SERVER: returns success if this kind of case applies to the server
	case $2 in
	ranged) true ;;
	null) [[ $1 =~ ^(hot|stream|many|grow)$ ]] ;;
	fio) [[ $1 =~ ^(stream|random)$ ]] ;;
	nginx) [[ ! $1 =~ ^(zipf|names)$ ]] ;;
	nginx-aio) [[ ! $1 =~ ^(zipf|many|missing|names|grow|tls|workers)$ ]] ;;
	lighttpd) [[ ! $1 =~ ^(zipf|names|tls|workers)$ ]] && { [ "$1" != zipf_many ] || may_open 200000; } ;;
	*) [[ ! $1 =~ ^(zipf|names|tls|workers)$ ]] ;;
	esac
}

# Prints the cache_size for ranged. Cold cases do not benefit from a larger cache, and the memory cases measure memory
# besides the cache.
cache_for() { # KIND ARGUMENT...
	case $1 in
	zipf) echo "$zipf_cache" ;;
	zipf_many) echo "$many_cache" ;;
	memory) echo 64M ;;
	names) echo 16M ;;
	grow) [ "$2" -gt 100000 ] && echo 5G || echo 512M ;;
	mixed) [ "$3" = hot ] && echo $((big_count * stream_bytes + (1 << 30))) || echo 512M ;;
	*) echo 512M ;;
	esac
}

# --- files ---

# Writes files of random bytes, so that a disk or filesystem that compresses has no advantage.
lay() { # BYTES PATH...
	local bytes=$1 path
	shift
	for path; do
		[ "$(stat -c %s "$path" 2>/dev/null)" != "$bytes" ] || continue
		mkdir -p "${path%/*}"
		head -c "$bytes" /dev/urandom >"$path" || die "cannot write $path"
	done
}

# Writes a file of several GiB with fio, because /dev/urandom is too slow for that size.
lay_big() { # BYTES PATH
	[ "$(stat -c %s "$2" 2>/dev/null)" != "$1" ] || return 0
	mkdir -p "${2%/*}"
	fio --name=lay --filename="$2" --size="$1" --rw=write --bs=1m --refill_buffers --end_fsync=1 --output=/dev/null ||
		die "cannot write $2"
}

big() { echo "/big/$big_bytes/$1"; }
one() { echo "/one/$one_bytes/0"; }
# Sets stream_bytes, the length of a stream of mixed-hot. Six of them must fit into memory twice, because they are in the
# cache of ranged and also in the page cache.
choose_stream_bytes() {
	local available
	available=$(awk '/^MemAvailable:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
	stream_bytes=$one_bytes
	while [ $((2 * big_count * stream_bytes + (2 << 30))) -gt "$available" ]; do stream_bytes=$((stream_bytes / 2)); done
}

all_big() { seq -f "/big/$big_bytes/%.0f" -s ' ' 0 $((big_count - 1)); }

lay_all_big() {
	local path
	for path in $(all_big); do lay_big "$big_bytes" "$www$path"; done
}

lay_zipf() {
	[ ! -e "$www/zipf/64k/$((zipf_files - 1))" ] || return 0
	mkdir -p "$www/zipf/64k"
	perl "$here/trace.pl" files "$www/zipf/64k" "$zipf_files" || die "cannot write the files of zipf"
}

lay_for() { # KIND ARGUMENT...
	local number
	case $1 in
	hot | tls | workers) for number in $(seq 0 $(($3 - 1))); do lay "$2" "$www/hot/$2/$number"; done ;;&
	tls) create_certificate ;;
	stream | random) lay_all_big ;;
	shared | page_cache) lay_big "$one_bytes" "$www$(one)" ;;
	mixed) lay_all_big && lay_big "$one_bytes" "$www$(one)" && choose_stream_bytes ;;
	memory) lay 1024 "$www/hot/1024/0" && lay_big "$one_bytes" "$www$(one)" ;;
	zipf) lay_all_big && lay_zipf ;;
	many | cold_many | grow) lay_many "$2" ;;
	missing) lay_many 10000 && perl "$here/trace.pl" missing "$2" "$many_bytes" >"$scratch/missing" ;;
	zipf_many) lay_zipf_many ;;
	names) lay_many "$many_files" ;;
	esac
}

# Creates a certificate for the servers, and a configuration of OpenSSL that makes the clients offer one cipher suite.
create_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>"$scratch/openssl.err" ||
		die "cannot create a certificate: $(tail -n 1 "$scratch/openssl.err")"
	cat >"$tls_clients" <<-CONF
		openssl_conf = clients
		[clients]
		ssl_conf = ssl
		[ssl]
		system_default = default
		[default]
		MinProtocol = TLSv1.3
		Ciphersuites = TLS_AES_256_GCM_SHA384
	CONF
}

# Prints the paths of some files of the case, with which serves_right() checks the server.
sample_of() { # KIND ARGUMENT...
	case $1 in
	hot | tls | workers) echo "/hot/$2/0" ;;
	stream | random) big 0 ;;
	zipf) echo /zipf/64k/0 ;;
	many | cold_many | zipf_many | missing | names | grow) head -n 20 "$scratch/order" ;;
	*) one ;;
	esac
}

# Sets the scheme of the URLs and the number of workers, and pins the servers and the clients.
choose_setup() { # KIND
	scheme=http server_workers=1 client_threads=1 on_server=() on_client=()
	[ "$1" != tls ] || scheme=https
	[ "$(nproc)" -gt 1 ] || return 0
	on_server=(taskset -c 0) on_client=(taskset -c 1)
	[ "$1" != workers ] || client_threads=2 on_server=(taskset -c 0-1) on_client=(taskset -c 0-1)
}

# Drops the page cache, then runs the client programs once, so that the programs themselves are cached again.
drop_caches() {
	sync && echo 3 >/proc/sys/vm/drop_caches
	{ "${on_client[@]}" curl --version; wrk --version; fio --version; } >/dev/null 2>&1
}

# --- loads ---

# A load sets got_requests, got_bytes, got_seconds, got_errors, and got_p50 and got_p99 in milliseconds. got_bytes of wrk
# include the response headers; got_bytes of replay do not.
take_result() { # REQUESTS BYTES MICROSECONDS P50 P99 ERRORS
	got_errors=$6 got_requests=$1 got_bytes=$2 got_seconds=$(calc "$3 / 1e6") got_p50=$(calc "$4 / 1e3") got_p99=$(calc "$5 / 1e3")
	[ "$6" = 0 ] || say "$6 responses were errors or arrived too late"
	[ "$1" != 0 ] || { say "no response was complete"; return 1; }
}

# Removes one file from the page cache.
drop_file() { sync "$1" && dd of="$1" oflag=nocache conv=notrunc count=0 status=none </dev/null; } # PATH

# Runs wrk, whose script reads its arguments from the environment.
load() { # CONNECTIONS SECONDS VARIABLE=VALUE...
	local result
	result=$(env "${@:3}" OPENSSL_CONF="$tls_clients" "${on_client[@]}" timeout $(($2 + 30)) wrk -t "$client_threads" -c "$1" \
		-d "${2}s" --timeout 10s -s "$here/wrk.lua" "$scheme://127.0.0.1:$PORT" | sed -n 's/^wrk //p')
	[ -n "$result" ] || { say "wrk failed"; return 1; }
	# shellcheck disable=SC2086 # six fields
	take_result $result
}

replay() { # CONNECTIONS TRACE OPTION...
	local result
	result=$("${on_client[@]}" timeout 900 "$scratch/replay" "${@:3}" "$PORT" "$1" "$2") || return
	# shellcheck disable=SC2086 # six fields
	take_result $result
}

# Returns success if the total length of the responses is right.
right_length() { # BYTES CONNECTIONS
	if [ "$got_bytes" -lt $((got_requests * $1)) ] || [ "$got_bytes" -gt $(((got_requests + $2) * ($1 + 1024))) ]; then
		say "$got_requests responses of $1 bytes should not have $got_bytes bytes in total"
		return 1
	fi
}

# Prints the seed of the random ranges, which differ between rounds but are the same for each server.
seed() { echo $((round * 1000003)); }

# Prints more random ranges than any server can respond to within the time.
random_trace() { # BYTES ALIGN SHIFT
	awk -v seed="$(seed)" -v bytes="$1" -v align="$2" -v shift="$3" -v whole="$big_bytes" -v paths="$(all_big)" -v seconds="$seconds" '
		BEGIN {
			srand(seed)
			count = split(paths, path, " ")
			for (left = seconds * 50000; left > 0; left--) {
				first = int(rand() * (whole - bytes - shift) / align) * align + shift
				printf "%s %.0f-%.0f\n", path[1 + int(rand() * count)], first, first + bytes - 1
			}
		}'
}

# Requests each of these paths once, all at the same time.
get() { # PATH...
	printf '%s\n' "$@" >"$scratch/trace"
	replay $# "$scratch/trace"
}

is_complete() { # BYTES
	[ "$got_bytes" = "$1" ] || { say "received $got_bytes bytes instead of $1"; return 1; }
}

# --- figures ---

# Sets client_seconds to the user and system time of all child processes that have ended. While a server runs, these are
# the clients.
count_clients() {
	times >"$scratch/times"
	client_seconds=$(awk -F '[ms ]+' 'NR == 2 { print $1 * 60 + $2 + $3 * 60 + $4 }' "$scratch/times")
}

begin() {
	ticks_before=$(server_ticks) read_before=$(server_read_bytes)
	count_clients
	clients_before=$client_seconds
}

# Records the work of the server and of the clients since begin(). Also sets cpu_request.
end() { # REQUESTS BODY-BYTES SECONDS
	local ticks from_disk
	count_clients
	ticks=$(($(server_ticks) - ticks_before)) from_disk=$(($(server_read_bytes) - read_before))
	record rps "$(calc "$1 / $3")"
	record mbps "$(calc "$2 / $3 / 1e6")"
	cpu_request=$(calc "$ticks / $hertz / $1 * 1e6")
	record cpu_request "$cpu_request"
	record cpu_gb "$(calc "$ticks / $hertz / $2 * 1e9")"
	record all_gb "$(calc "($ticks / $hertz + $client_seconds - $clients_before) / $2 * 1e9")"
	record busy "$(calc "$ticks / $hertz / $3 * 100")"
	record client "$(calc "($client_seconds - $clients_before) / $3 * 100")"
	record disk "$(calc "$from_disk / $2")"
}

latencies() { record p50 "$got_p50" && record p99 "$got_p99"; }

# --- measurements ---

# Returns success if wrk would be slower than the servers, so that replay is used. replay does not support TLS.
is_long() { [ "$scheme" = http ] && [ "$1" -ge 65536 ]; } # BYTES

load_hot() { # BYTES FILES CONNECTIONS SECONDS
	if is_long "$1"; then
		seq -f "/hot/$1/%.0f" 0 $(($2 - 1)) >"$scratch/trace"
		replay "$3" "$scratch/trace" -s "$4"
	else
		load "$3" "$4" "PATHS=$(seq -f "/hot/$1/%.0f" -s ' ' 0 $(($2 - 1)))"
	fi
}

# A second of the same load warms the server up. Long responses that are incomplete at the end of the time count as
# fractions, because they are a large share.
serve_hot() { # BYTES FILES CONNECTIONS
	load_hot "$@" 1 || return
	begin
	load_hot "$@" "$seconds" || return
	right_length "$1" "$3" || return
	is_long "$1" || got_bytes=$((got_requests * $1))
	end "$(calc "$got_bytes / $1")" "$got_bytes" "$got_seconds"
	latencies
}

# On a hypervisor with shadow page tables, the first copy from a page costs a process a microsecond, even if the page is
# mapped. That cost is not part of the limit of HTTP, so null sends all of its memory once before the measurement.
serve_stream() { # CLIENTS
	local paths
	mapfile -t paths < <(seq -f "/big/$big_bytes/%.0f" 0 $(($1 - 1)))
	[ "$server" != null ] || get "${paths[0]}" || return
	drop_caches
	begin
	get "${paths[@]}" && is_complete $(($1 * big_bytes)) || return
	end "$1" "$got_bytes" "$got_seconds"
}

load_random() { # BYTES ALIGN SHIFT
	if is_long "$1"; then
		replay 32 "$scratch/trace" -s "$seconds"
	else
		load 32 "$seconds" "PATHS=$(all_big)" "BYTES=$1" "ALIGN=$2" "SHIFT=$3" "FILE_BYTES=$big_bytes" "SEED=$(seed)"
	fi
}

serve_random() { # BYTES ALIGN SHIFT
	! is_long "$1" || random_trace "$@" >"$scratch/trace"
	drop_caches
	begin
	load_random "$@" || return
	right_length "$1" 32 || return
	end "$got_requests" $((got_requests * $1)) "$got_seconds"
	latencies
}

serve_shared() { # CLIENTS
	local client paths=()
	for client in $(seq "$1"); do paths[client]=$(one); done
	drop_caches
	begin
	get "${paths[@]}" && is_complete $(($1 * one_bytes)) || return
	record disk_file "$(calc "($(server_read_bytes) - $read_before) / $one_bytes")"
	end "$1" "$got_bytes" "$got_seconds"
}

serve_tls() { serve_hot "$@"; } # BYTES FILES CONNECTIONS

# The figures of the first server, which measure() started, are those of one worker.
serve_workers() { # BYTES FILES CONNECTIONS
	server=$server-1 serve_hot "$@" || return
	stop_server
	server_workers=2
	start_server "$server" "$(cache_for workers)" && serve_hot "$@"
}

# Writes the trace of the streams of mixed. Hot streams get the first bytes of the files.
stream_trace() { # cold | hot
	local last=''
	[ "$1" = cold ] || last=" 0-$((stream_bytes - 1))"
	seq -f "/big/$big_bytes/%.0f$last" 0 $((big_count - 1)) >"$scratch/trace"
}

# Requests the streams until they are in memory.
warm_streams() {
	local try before
	for try in 1 2 3; do
		before=$(server_read_bytes)
		replay $big_count "$scratch/trace" && [ "$got_errors" = 0 ] || return
		[ $(($(server_read_bytes) - before)) -gt $((got_bytes / 100)) ] || return 0
	done
	say "the streams do not stay in memory"
	return 1
}

# Like load, with real-time priority. Otherwise the client of the small ranges would wait some milliseconds for its
# processor, which it shares with the client of the streams.
load_first() {
	local client=("${on_client[@]}")
	local on_client=("${client[@]}" chrt -f 10)
	load "$@"
}

# The streams start one second earlier. No stream reads the file of the small ranges, which is cold.
serve_mixed() { # BYTES cold | hot
	local streams status
	stream_trace "$2"
	if [ "$2" = cold ]; then
		drop_caches
	else
		drop_file "$www$(one)" && warm_streams || return
	fi
	"${on_client[@]}" "$scratch/replay" -s $((seconds + 1)) "$PORT" $big_count "$scratch/trace" >"$scratch/streamed" &
	streams=$!
	sleep 1
	load_first 8 "$seconds" "PATHS=$(one)" "BYTES=$1" ALIGN=4096 SHIFT=0 "FILE_BYTES=$one_bytes" "SEED=$(seed)" && right_length "$1" 8
	status=$?
	wait $streams && [ $status = 0 ] || return 1
	latencies
	record rps "$(calc "$got_requests / $got_seconds")"
	record mbps "$(awk '{ print $2 / $3 }' "$scratch/streamed")"
}

serve_page_cache() {
	drop_caches
	get "$(one)" && is_complete "$one_bytes" && record pages "$(fincore -n -o PAGES "$www$(one)" | tr -d ' ')"
}

serve_memory() { # idle | stalled
	local count=$idle_count path=/hot/1024/0 before after answer='' held=0
	[ "$1" = idle ] || count=$stalled_count path=$(one)
	before=$(server_rss)
	coproc HOLD { exec "${on_client[@]}" "$scratch/hold" "$1" "$PORT" "$count" "$path" 2>"$scratch/hold.err"; }
	local pid=$HOLD_PID from=${HOLD[0]} to=${HOLD[1]}
	read -r -t 60 answer <&"$from"
	if [ "$answer" = ready ]; then
		[ "$1" = idle ] || sleep 2
		sleep 1
		after=$(server_rss)
		echo >&"$to"
		read -r -t 10 held <&"$from"
	else
		kill "$pid" 2>/dev/null
	fi
	wait "$pid" 2>/dev/null
	[ "${held:-0}" = "$count" ] || { say "${held:-0} of $count connections were held"; return 1; }
	record kib "$(calc "($after - $before) / $count")"
}

# The first half of the trace fills the cache, and the second half is measured.
serve_zipf() {
	local lines=$((zipf_files * 5)) half
	half=$((lines / 2))
	perl "$here/trace.pl" zipf "$zipf_files" $lines "$(all_big)" "$big_bytes" >"$scratch/trace"
	head -n $half "$scratch/trace" >"$scratch/trace.1"
	tail -n +$((half + 1)) "$scratch/trace" >"$scratch/trace.2"
	drop_caches
	replay 16 "$scratch/trace.1" || return
	begin
	replay 16 "$scratch/trace.2" || return
	record hit "$(calc "1 - ($(server_read_bytes) - $read_before) / $got_bytes")"
	end "$got_requests" "$got_bytes" "$got_seconds"
	latencies
	[ "$round" -gt 1 ] || server=lru record hit "$(lru_hits $half <"$scratch/trace")"
}

lru_hits() { perl "$here/trace.pl" lru "$zipf_files" "$(numfmt --from=iec "$zipf_cache")" "$1"; } # WARM

# --- limit of the disk ---

# Options before the first --name apply to all jobs. Sets line to the terse output of fio. Field 7 is KiB/s, field 8
# reads/s, and fields 24 and 30 are the 50th and 99th percentile in microseconds.
run_fio() { # OPTION...
	drop_caches
	line=$("${on_server[@]}" timeout 180 fio --readonly --ioengine=libaio --direct=1 --group_reporting --output-format=terse \
		--terse-version=3 "$@" 2>"$scratch/fio.err" | grep '^3;') || { say "fio failed"; return 1; }
	record mbps "$(awk -F ';' '{ print $7 * 1024 / 1e6 }' <<<"$line")"
}

fio_stream() { # CLIENTS
	local number line jobs=()
	for number in $(seq 0 $(($1 - 1))); do jobs+=(--name="client$number" --filename="$www$(big "$number")"); done
	run_fio --rw=read --bs=256k --iodepth=8 "${jobs[@]}"
}

# The block size is that of the aligned read for such a range in the worst case.
fio_random() { # BYTES ALIGN SHIFT
	local files block=$1 line
	[ $((block % 512)) = 0 ] || block=$(((block + 1022) / 512 * 512))
	files=$(all_big)
	run_fio --rw=randread --bs="$block" --blockalign="$((block % 4096 ? 512 : 4096))" --iodepth=32 --runtime="$seconds" --time_based \
		--filename="$www${files// /:$www}" --name=limit || return
	record rps "$(cut -d ';' -f 8 <<<"$line")"
	record p50 "$(awk -F ';' '{ sub(/.*=/, "", $24); print $24 / 1e3 }' <<<"$line")"
	record p99 "$(awk -F ';' '{ sub(/.*=/, "", $30); print $30 / 1e3 }' <<<"$line")"
}
