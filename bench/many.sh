# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The kinds of cases of bench/run that need many small files. See cases.sh for the table of the cases.
#
# This file uses variables of bench/run and functions of cases.sh and servers.sh.
# shellcheck disable=SC2034,SC2154 # variables of bench/run, and variables that bench/run uses

readonly many_bytes=4096

# Returns success if a process may have that many descriptors, besides those of its connections.
may_open() { # COUNT
	local most
	most=$(ulimit -H -n)
	[ "$most" = unlimited ] || [ "$most" -ge $(($1 + 4000)) ]
}

# Sets the options of servers that keep descriptors of files: nginx_files is the size of the open_file_cache of nginx, and
# lighttpd_workers the number of processes of lighttpd. They depend on the hard limit for descriptors. nginx responds with
# errors if it has no descriptor left, and it is faster without the cache than with one that holds a fraction of the
# files. lighttpd keeps each file open for some seconds, and then responds with errors as well.
choose_descriptors() { # KIND ARGUMENT...
	local files=$many_files
	nginx_files=1000 lighttpd_workers=0
	[[ $1 =~ many|missing|grow ]] || return 0
	[ "$1" = zipf_many ] || files=$2
	nginx_files=200000
	may_open 200000 && return
	nginx_files=15000
	[ "$files" -gt 15000 ] || return 0
	nginx_files=0
	[[ ! $1 =~ ^(many|grow)$ ]] || lighttpd_workers=16
}

# Prints the size of the page cache for the server in bytes, or nothing if it is not limited. ranged has a cache of its
# own.
page_cache_for() { # KIND SERVER
	[ "$1" != zipf_many ] || [ "$2" = ranged ] || numfmt --from=iec "$many_cache"
}

# --- files ---

# Writes the first FILES files of /many, and two traces: "$scratch/order" has each path once in random order, and
# "$scratch/uniform" has paths that are chosen at random.
lay_many() { # FILES
	mkdir -p "$www/many/$many_bytes"
	perl "$here/trace.pl" many "$www" "$1" "$many_bytes" || die "cannot write the files of /many"
	perl "$here/trace.pl" order "$1" "$many_bytes" >"$scratch/order"
	perl "$here/trace.pl" uniform "$1" "$many_bytes" 1000000 >"$scratch/uniform"
}

# Writes "$scratch/zipf-many". Each half of the trace requests more different files than the cache contains.
lay_zipf_many() {
	lay_many "$many_files"
	perl "$here/trace.pl" zipf-many "$many_files" "$many_bytes" $((many_files * 3 / 5)) >"$scratch/zipf-many"
}

# --- loads and measurements ---

# Runs a load in which each response must have the status and length of a file of /many. Other servers than ranged may
# fail one request of a hundred, because lighttpd does when it has no descriptor left.
replay_many() { # CONNECTIONS TRACE OPTION...
	replay "$1" "$2" -b "$many_bytes" "${@:3}" || return
	if [ "$server" = ranged ]; then
		[ "$got_errors" = 0 ]
	else
		[ $((got_errors * 100)) -le "$got_requests" ]
	fi
}

# The first pass reads each file once.
serve_grow() { # FILES CONNECTIONS
	replay_many "$2" "$scratch/order" && replay_many "$2" "$scratch/uniform" -s 1 || return
	begin
	replay_many "$2" "$scratch/uniform" -s "$seconds" || return
	end "$got_requests" "$got_bytes" "$got_seconds"
	latencies
}

# Compares with 100 of the files in the same process, shortly after, so that other load on the machine affects both.
serve_many() { # FILES CONNECTIONS
	serve_grow "$@" || return
	local ticks
	head -n 100 "$scratch/order" >"$scratch/few"
	ticks=$(server_ticks)
	replay_many "$2" "$scratch/few" -s "$seconds" || return
	record growth "$(calc "$cpu_request / (($(server_ticks) - $ticks) / $hertz / $got_requests * 1e6)")"
}

# With several processes, lighttpd would read from the disk in parallel. If it has too few descriptors for all files, it
# gets those of the first directories.
serve_cold_many() { # FILES
	cp "$scratch/order" "$scratch/trace"
	[ "$server" != lighttpd ] || may_open 200000 || grep "/many/$many_bytes/00/" "$scratch/order" >"$scratch/trace"
	drop_caches
	begin
	replay_many 32 "$scratch/trace" || return
	end "$got_requests" "$got_bytes" "$got_seconds"
	latencies
}

# The body is the error page, whose length differs between servers.
serve_missing() { # NAMES
	replay 32 "$scratch/missing" -e 404 -s 1 || return
	begin
	replay 32 "$scratch/missing" -e 404 -s "$seconds" && [ "$got_errors" = 0 ] || return
	end "$got_requests" "$got_bytes" "$got_seconds"
	latencies
}

# Growth of the memory of ranged for each name. The cache for contents stays empty, because HEAD reads nothing.
serve_names() {
	local before
	head -n 1000 "$scratch/order" >"$scratch/few"
	replay_many 32 "$scratch/few" -h -s 1 || return
	before=$(server_rss)
	replay_many 32 "$scratch/order" -h || return
	record name_bytes "$(calc "($(server_rss) - $before) * 1024 / $many_files")"
}

# Drops the contents of files from the page cache, and looks up all names. The inodes and names are then in memory that
# is not part of the memory limit of the server.
drop_contents() {
	sync && echo 1 >/proc/sys/vm/drop_caches
	find "$www/many" -size 0
}

# The first half of the trace fills the cache, and the second half is measured.
serve_zipf_many() {
	local half keeper='' status
	half=$(($(wc -l <"$scratch/zipf-many") / 2))
	head -n $half "$scratch/zipf-many" >"$scratch/trace.1"
	tail -n +$((half + 1)) "$scratch/zipf-many" >"$scratch/trace.2"
	drop_contents
	if [ -n "$page_cache_limit" ]; then
		while limit_page_cache && sleep 0.5; do :; done &
		keeper=$!
	fi
	replay_many 32 "$scratch/trace.1" && measure_zipf_many
	status=$?
	[ -z "$keeper" ] || { kill "$keeper" && wait "$keeper"; } 2>/dev/null
	return $status
}

measure_zipf_many() {
	begin
	replay_many 32 "$scratch/trace.2" || return
	record hit "$(calc "1 - ($(server_read_bytes) - $read_before) / $got_bytes")"
	end "$got_requests" "$got_bytes" "$got_seconds"
	latencies
	[ "$server" = ranged ] || record page_cache "$(calc "$(page_cache_bytes) / 1048576")"
	[ "$round" -gt 1 ] || [ "$server" != ranged ] || server=lru record hit "$(many_lru_hits <"$scratch/zipf-many")"
}

many_lru_hits() { perl "$here/trace.pl" lru 0 "$(numfmt --from=iec "$many_cache")" $((many_files * 3 / 10)); }
