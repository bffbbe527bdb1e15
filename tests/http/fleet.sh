# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Three nodes with ranged behind a balancer, with the files of conf/fleet/ as they stand; source after lib.sh and
# verify.sh. A node has the configuration that doc/fleet.md prints. The addresses are 127.0.0.2 and above; the balancer
# listens on port 80.

FLEET=$LIB/../../conf/fleet
NODES=() # the process of each node; the index is its number, from 1 on
NAMES=() # the files of make_mirrors, apart from those in directories

# Starts the test again in a network namespace, where no other process uses these addresses and ports.
own_network() {
	need_root
	need_cmd unshare ip "$@"
	if [ -z "${FLEET_NETWORK:-}" ]; then
		unshare --net true 2>/dev/null || skip_all "needs network namespaces"
		trap - EXIT
		rm -rf "$DIR"
		FLEET_NETWORK=1 exec unshare --net bash "$0"
	fi
	ip link set lo up || exit
}

# NAME SIZE...: makes these files, and copies of the tree for the nodes. The copies keep the mtimes, as rsync -t does.
make_mirrors() {
	local i
	make_file "$@"
	while [ $# -gt 0 ]; do
		[[ $1 == */* ]] || NAMES+=("$1")
		shift 2
	done
	make_text .mounted ""
	for i in 1 2 3 4; do cp -a "$ROOT" "$DIR/node$i"; done
}

# LANGUAGE N: prints the N-th block of this language in doc/fleet.md.
printed() {
	awk -v start='```'"$1" -v n="$2" '$0 == start && ++seen == n { inside = 1; next } /^```$/ { inside = 0 } inside' \
		"$LIB/../../doc/fleet.md"
}

node_address() { echo "127.0.0.$(($1 + 1))"; }

# NUMBER: starts a node, and waits until it is ready. ${NODE_KEYS[@]} are further lines of the configuration, or replace
# lines with the same key.
NODE_KEYS=()
start_node() {
	local name=$DIR/node$1 line
	printed conf 1 | sed "s|/srv/files|$name|; s|127\.0\.0\.2|$(node_address "$1")|g; s|^cache_size.*|cache_size = 32M|" >"$name.conf"
	for line in "${NODE_KEYS[@]}"; do
		sed -i "/^${line%%[ =]*} =/d" "$name.conf"
		echo "$line" >>"$name.conf"
	done
	rm -f "$name.address"
	"$RANGED" --config "$name.conf" --address-file "$name.address" --access-log "$name.access" --error-log "$name.error" --admin "unix:$name.admin" \
		</dev/null >>"$DIR/stdout" 2>>"$DIR/stderr.node$1" &
	NODES[$1]=$!
	await 10 test -s "$name.address"
	await 10 node_ready "$1" || { diag "node $1 is not ready" "$(tail -n 5 "$name.error" "$DIR/stderr.node$1")"; exit 1; }
}
node_ready() { curl -sf --interface 127.0.0.9 -o /dev/null --max-time 1 "http://$(node_address "$1"):8080/healthz"; }
start_nodes() { for i in 1 2 3; do start_node $i; done; }

# Sends SIGTERM to a node and waits for its end. Returns its exit status, or 99 for a report of a sanitizer.
stop_node() {
	kill -TERM "${NODES[$1]}"
	end_node "$1"
}
end_node() {
	local result
	PID=${NODES[$1]}
	await_exit || { diag "node $1 did not stop within $STOP_SECONDS s"; kill -KILL "$PID"; }
	wait "$PID"
	result=$?
	PID=
	! grep -qE 'ERROR: [A-Za-z]+Sanitizer|WARNING: [A-Za-z]+Sanitizer|runtime error:' "$DIR/stderr.node$1" || result=99
	return $result
}
kill_node() {
	kill -KILL "${NODES[$1]}"
	wait "${NODES[$1]}" 2>/dev/null
}

# Ends the balancer, whose idle connections the nodes need not wait for then, and checks the ends of these nodes. The
# second signal ends drain_delay.
finish_fleet() { # NODE...
	local i
	stop_balancer
	for i; do kill -TERM "${NODES[$i]}"; done
	pause 0.1
	for i; do kill -TERM "${NODES[$i]}"; done
	for i; do
		end_node "$i"
		is $? 0 "node $i stopped cleanly"
	done
	finish
}

# Ends the load during which a node was killed. A response that has begun cannot be repeated, and there was at most one on
# each connection.
end_kill() {
	stop_load
	diag "kill -9: $(tail -n 1 "$DIR/verify.out")"
	at_most "$(verified cut)" 8 "kill -9: only responses in progress are cut"
	is "$(verified wrong) $(verified 503)" "0 0" "kill -9: no other request fails, and all bytes are correct"
}

# Requests each file three times, as often as there are nodes, and checks the bodies.
request_all() {
	local name urls=()
	for name in "${NAMES[@]}" "${NAMES[@]}" "${NAMES[@]}"; do
		urls+=(-o "$DIR/all.${#urls[@]}" "$URL/$name")
	done
	curl -sS "${urls[@]}" 2>"$DIR/differs"
	perl -e '
		my ($root, $all, @names) = @ARGV;
		sub slurp { local $/; open my $in, "<:raw", $_[0] or return ""; return scalar <$in> }
		for my $i (0 .. $#names) {
			print "$names[$i]\n" unless slurp("$root/$names[$i]") eq slurp($all . 3 * $i);
		}' "$ROOT" "$DIR/all." "${NAMES[@]}" "${NAMES[@]}" "${NAMES[@]}" >>"$DIR/differs"
	is "$(cat "$DIR/differs")" "" "each file is correct through the balancer"
	rm -f "$DIR"/all.*
}

# NODE...: prints the names of the files in the caches of these nodes, a line for each file and node.
cached() {
	local i
	for i; do
		curl -sS --unix-socket "$DIR/node$i.admin" 'http://x/cache/hot?limit=1000' | grep -oE '[a-z0-9]+\.bin' | sort -u
	done
}

# --- the balancer ---

BALANCER=

make_fleet_certificate() {
	local command # of conf/fleet/haproxy.cfg
	command=$(sed -n '/^#   openssl/,/fleet.pem$/s/^# *//p' "$FLEET/haproxy.cfg" | sed 's|/etc/haproxy/||')
	(cd "$DIR" && eval "$command" 2>"$DIR/openssl.log") && [ -s "$DIR/fleet.pem" ]
}

# FILE [STATES]: starts HAProxy with a copy of this file and the certificate beside it, and waits for these states.
start_haproxy() {
	[ -s "$DIR/fleet.pem" ] || make_fleet_certificate || exit
	[ "${1%/*}" = "$DIR" ] || cp "$1" "$DIR"
	haproxy -db -f "$DIR/${1##*/}" >>"$DIR/haproxy.log" 2>&1 &
	BALANCER=$!
	await 10 states_are "${2:-UP UP UP}" || { diag "HAProxy: $(states)" "$(tail -n 8 "$DIR/haproxy.log")"; exit 1; }
	use_address 127.0.0.1:80
}
stop_balancer() {
	kill "$BALANCER"
	wait "$BALANCER"
	BALANCER=
}

# COLUMN: prints this column of the statistics of HAProxy, for all nodes in one line.
statistics() {
	local fields values=()
	printf 'GET /;csv HTTP/1.0\r\n\r\n' >&5
	while IFS=, read -rt 1 -a fields <&5; do
		[[ ${fields[0]} != nodes || ${fields[1]} != node* ]] || values+=("${fields[$1 - 1]%% *}")
	done
	echo "${values[*]}"
} 5<>/dev/tcp/127.0.0.1/8404 2>/dev/null
states() { statistics 18; } # "UP UP DOWN"
states_are() { [ "$(states)" = "$1" ]; }
# NODE: returns true if HAProxy has at least 5 connections to this node.
has_connections() { [ "$(statistics 5 | cut -d ' ' -f "$1")" -ge 5 ]; }

# --- clients ---

# Sends verified requests for all files until stop_load; see verify.c for the options.
start_load() {
	"$VERIFY" 127.0.0.1:80 "$ROOT" requests=1000000 connections=8 pause=80 wait="$(seconds 20)" "$@" "${NAMES[@]}" \
		>"$DIR/verify.out" 2>&1 &
	LOAD=$!
}
stop_load() {
	kill "$LOAD"
	wait "$LOAD"
}

no_failures() { # NAME
	at_least "$(verified requests)" 100 "$1: there were requests"
	is "$(verified wrong) wrong, $(verified 503) unavailable, $(verified cut) cut" "0 wrong, 0 unavailable, 0 cut" \
		"$1: no request failed, and all bytes are correct"
	diag "$1: $(tail -n 1 "$DIR/verify.out")"
	[ "$(verified wrong)" = 0 ] || diag "$(head -n 12 "$DIR/verify.out")"
}

# Prints the nodes in whose access log this pattern is.
nodes_with() { local i; for i in 1 2 3 4; do ! grep -qs "$1" "$DIR/node$i.access" || echo "$i"; done | xargs; }

# NAME: HTTP/2 and TLS of the balancer: ranges, validators, several requests at once on one connection, and the scheme
# that ranged sees. Needs the files a.bin (of 3000001 bytes) and secure/a.bin, and https_redirect for /secure/.
check_http2() {
	local tls=(--http2 --cacert "$DIR/cert.pem" --connect-to ::127.0.0.1:) tag i
	curl -V | grep -qw HTTP2 || { pass "HTTP/2 # SKIP curl does not support it"; return; }
	URL=https://files.example
	get /a.bin "${tls[@]}" -w '%{http_version}\n'
	is "$(head -n 1 "$HEAD" | cut -d ' ' -f 1,2)" "HTTP/2 200" "$1: a file over HTTP/2"
	cmp_whole a.bin "$1: the body is correct"
	tag=$(header ETag)
	is "$tag" "$(etag_of "$ROOT/a.bin")" "$1: the entity tag is that of HTTP/1.1"
	get_range 1000001-2345678 /a.bin "${tls[@]}" -H "If-Range: $tag"
	is "$STATUS" 206 "$1: a range with If-Range over HTTP/2"
	cmp_range a.bin 1000001 2345678 "$1: the range is correct"
	get /a.bin "${tls[@]}" -H "If-None-Match: $tag"
	is "$STATUS" 304 "$1: the file is revalidated over HTTP/2"
	for i in $(seq 0 19); do
		printf 'next\n'
		printf '%s = "%s"\n' cacert "$DIR/cert.pem" resolve files.example:443:127.0.0.1 url "$URL/a.bin" \
			range $((i * 150000))-$((i * 150000 + 149999)) output "$DIR/part.$i" write-out '%{http_version} %{http_code}\n'
	done | sed 1d >"$DIR/curls"
	is "$(curl -sS -Z --no-progress-meter --config "$DIR/curls" | sort | uniq -c | xargs)" "20 2 206" \
		"$1: twenty ranges at once"
	for i in $(seq 0 19); do cat "$DIR/part.$i"; done >"$DIR/parts"
	cmp_range a.bin 0 2999999 "$1: the parts are the file" "$DIR/parts"
	get /secure/a.bin "${tls[@]}"
	is "$STATUS" 200 "$1: ranged knows that the client uses https"
	URL=http://files.example
	get /secure/a.bin "${tls[@]}" -H 'X-Forwarded-Proto: https'
	is "$STATUS" 308 "$1: a client without TLS cannot claim https"
}
