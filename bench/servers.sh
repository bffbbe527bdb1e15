# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The servers of bench/run. Each listens on a free port of 127.0.0.1. choose_setup() sets the number of workers and the
# processors of the case.
#
#   start_server NAME CACHE [BYTES]
#                             starts a server, and sets PORT and SERVER_PID. CACHE is cache_size of ranged, and BYTES limits
#                             the page cache of the server
#   stop_server               stops it
#   limit_page_cache          adjusts the limit to the other memory that the server uses now
#   page_cache_bytes          prints the size of the page cache of the server
#   server_ticks, server_rss, server_read_bytes
#                             print the sums for all of its processes
#
# This file uses variables of bench/run: scratch, www and ranged (paths), on_server (the command prefix that pins a
# process), scheme and server_workers (see choose_setup), nginx_files and lighttpd_workers (see choose_descriptors).
# shellcheck disable=SC2154 # variables of bench/run

SERVER_PID='' PORT='' cgroup='' page_cache_limit=''

free_port() {
	local port
	while port=$((20000 + RANDOM % 10000)); do
		listening "$port" || { echo "$port"; return; }
	done
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

nginx_config() { # EXTRA
	local files=off listen=127.0.0.1:$PORT
	[ "$scheme" = http ] || listen+=" ssl"
	[ "$server_workers" = 1 ] || listen+=" reuseport"
	[ "$nginx_files" = 0 ] || files="max=$nginx_files inactive=600s; open_file_cache_valid 600s"
	cat <<-CONF
		user root; daemon off; worker_processes $server_workers; pid $scratch/nginx.pid; error_log $scratch/nginx.log;
		worker_rlimit_nofile $(ulimit -H -n);
		events { worker_connections 8192; }
		http {
			access_log off; sendfile on; tcp_nopush on; $1
			open_file_cache $files;
			$([ "$scheme" = http ] || echo "ssl_certificate $scratch/cert.pem; ssl_certificate_key $scratch/key.pem; ssl_protocols TLSv1.3;")
			keepalive_requests 1000000000; keepalive_timeout 600s; send_timeout 600s;
			server { listen $listen backlog=4096; root $www; }
		}
	CONF
}

lighttpd_config() {
	cat <<-CONF
		server.document-root = "$www"
		server.bind = "127.0.0.1"
		server.port = $PORT
		server.listen-backlog = 4096
		server.max-worker = $lighttpd_workers
		server.max-fds = $(ulimit -H -n)
		server.max-connections = 8192
		server.max-keep-alive-requests = 65535
		server.max-keep-alive-idle = 600
		server.max-write-idle = 600
		server.errorlog = "$scratch/lighttpd.log"
	CONF
}

h2o_config() {
	cat <<-CONF
		user: root
		num-threads: 1
		max-connections: 8192
		http1-request-timeout: 600
		error-log: $scratch/h2o.log
		listen:
		  host: 127.0.0.1
		  port: $PORT
		hosts:
		  default:
		    paths:
		      /:
		        file.dir: $www
	CONF
}

caddy_config() {
	cat <<-CONF
		{
			admin off
			auto_https off
			grace_period 1s
			log {
				level ERROR
			}
		}
		http://:$PORT {
			bind 127.0.0.1
			root * $www
			file_server
		}
	CONF
}

# All clients of the benchmark have one address, and some of them stall on purpose.
ranged_config() { # CACHE
	local listen=127.0.0.1:$PORT
	[ "$scheme" = http ] || listen=tls:$listen
	cat <<-CONF
		root = "$www"
		listen = {"$listen"}
		$([ "$scheme" = http ] || echo "tls = {\"$scratch/cert.pem $scratch/key.pem\"}")
		workers = $server_workers
		cache_size = $1
		max_connections_per_client = 0
		idle_timeout = 600s
		stall_timeout = 600s
		drain_timeout = 1s
	CONF
}

server_command() { # NAME CACHE: writes its configuration, sets $command
	local config=$scratch/$1.conf
	case $1 in
	ranged)
		ranged_config "$2" >"$config"
		command=("$ranged" --config "$config")
		;;
	nginx | nginx-aio)
		nginx_config "$([ "$1" = nginx ] || echo 'aio threads;')" >"$config"
		command=(nginx -e "$scratch/nginx.log" -c "$config")
		;;
	lighttpd)
		lighttpd_config >"$config"
		# It sends SIGTERM to its process group at the end.
		command=(perl -e 'setpgrp; exec @ARGV' lighttpd -D -f "$config")
		;;
	h2o)
		h2o_config >"$config"
		command=(h2o -c "$config")
		;;
	caddy)
		caddy_config >"$config"
		command=(env GOMAXPROCS=1 XDG_DATA_HOME="$scratch/caddy" XDG_CONFIG_HOME="$scratch/caddy"
			caddy run --adapter caddyfile --config "$config")
		;;
	null) command=("$scratch/null_server" "$scratch/null.address") ;;
	esac
}

# Returns success once the server listens. null_server chooses a free port itself and writes it to a file.
server_listens() {
	if [ "$1" = null ]; then
		[ -s "$scratch/null.address" ] && PORT=$(cut -d : -f 2 "$scratch/null.address")
	else
		listening "$PORT"
	fi
}

# Creates a memory cgroup. A server that runs in it pays for its page cache, its own memory and its kernel objects.
create_cgroup() {
	if [ -d /sys/fs/cgroup/memory ]; then
		cgroup=/sys/fs/cgroup/memory/ranged-bench.$$
	elif grep -qsw memory /sys/fs/cgroup/cgroup.subtree_control; then
		cgroup=/sys/fs/cgroup/ranged-bench.$$
	fi
	[ -n "$cgroup" ] && mkdir "$cgroup" && return
	cgroup=''
	say "there is no memory cgroup, so the page cache cannot be limited"
	return 1
}

# The names of the first version of cgroups are different.
page_cache_bytes() { awk '$1 == "cache" || $1 == "file" { print $2; exit }' "$cgroup/memory.stat"; }
cgroup_usage() { cat "$cgroup/memory.usage_in_bytes" "$cgroup/memory.current"; } 2>/dev/null
cgroup_limit() { # BYTES
	local file=$cgroup/memory.max
	[ -e "$file" ] || file=$cgroup/memory.limit_in_bytes
	echo "$1" >"$file"
}

limit_page_cache() {
	[ -z "$cgroup" ] || cgroup_limit $((page_cache_limit + $(cgroup_usage) - $(page_cache_bytes)))
}

enter_cgroup() { [ -z "$cgroup" ] || echo "$BASHPID" >"$cgroup/cgroup.procs"; }

start_server() { # NAME CACHE [BYTES]
	local command end=$((SECONDS + 20))
	PORT=$(free_port) page_cache_limit=${3-}
	rm -f "$scratch/null.address"
	server_command "$1" "$2"
	if [ -n "$page_cache_limit" ]; then
		create_cgroup && cgroup_limit $((page_cache_limit + (64 << 20))) || return
	fi
	(enter_cgroup && exec "${on_server[@]}" "${command[@]}") </dev/null >"$scratch/$1.out" 2>&1 &
	SERVER_PID=$!
	until server_listens "$1"; do
		if ! kill -0 "$SERVER_PID" 2>/dev/null || [ $SECONDS -ge $end ]; then
			say "$1 did not start:"
			tail -n 5 "$scratch/$1.out" >&2
			stop_server
			return 1
		fi
		sleep 0.05
	done
}

# Stops the server. Streams that are still being sent may be cut off.
stop_server() {
	local pids try
	[ -n "$SERVER_PID" ] || return 0
	pids=$(server_pids)
	kill -TERM "$SERVER_PID" 2>/dev/null
	for try in {1..60}; do
		kill -0 "$SERVER_PID" 2>/dev/null || break
		# shellcheck disable=SC2086 # several
		[ "$try" -lt 60 ] || kill -KILL $pids 2>/dev/null
		sleep 0.05
	done
	wait "$SERVER_PID" 2>/dev/null
	SERVER_PID=''
	[ -z "$cgroup" ] || rmdir "$cgroup"
	cgroup=''
}

server_pids() { echo "$SERVER_PID"; pgrep -P "$SERVER_PID"; }

server_files() { server_pids | sed "s|.*|/proc/&/$1|"; } # NAME: /proc/PID/NAME of each

# Prints user and system time so far, in ticks. The name of the program, which ends with the last ")", is removed first.
server_ticks() { server_files stat | xargs cat | sed 's/.*) //' | awk '{ sum += $12 + $13 } END { print sum }'; }

# shellcheck disable=SC2016 # awk's $2
server_rss() { server_files status | xargs awk '/^VmRSS:/ { sum += $2 } END { print sum }'; } # KiB

# Prints the bytes that these processes read from the disk. The counters of the disk itself would include reads of other
# processes.
# shellcheck disable=SC2016
server_read_bytes() { server_files io | xargs awk '/^read_bytes:/ { sum += $2 } END { printf "%.0f\n", sum }'; }
