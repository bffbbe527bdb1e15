#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/fleet/nginx-balancer.conf with three nodes on mirrors: one cached copy of each file, HTTP/2, and no failed
# request while a node is killed and while all nodes are restarted.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../verify.sh"
. "$(dirname "$0")/../fleet.sh"
own_network nginx openssl

files=(a.bin 3000001 secure/a.bin 1000)
for i in $(seq 20); do files+=("file$i.bin" $((i * 9001))); done
make_text page.html "$(seq 1000)"
make_mirrors "${files[@]}"
NODE_KEYS=('location "/secure/" { https_redirect = true }')
start_nodes
make_fleet_certificate || exit
mkdir "$DIR/nginx"
cp "$FLEET/nginx-balancer.conf" "$DIR"
# The parts of Debian's nginx.conf that matter here.
cat >"$DIR/nginx.conf" <<END
daemon off;
user root;
worker_processes 2;
pid $DIR/nginx/pid;
error_log $DIR/nginx/error.log;
events { worker_connections 512; }
http {
	sendfile on;
	gzip on;
	client_body_temp_path $DIR/nginx/body;
	proxy_temp_path $DIR/nginx/proxy;
	fastcgi_temp_path $DIR/nginx/fastcgi;
	uwsgi_temp_path $DIR/nginx/uwsgi;
	scgi_temp_path $DIR/nginx/scgi;
	include nginx-balancer.conf;
}
END
nginx -c "$DIR/nginx.conf" >"$DIR/nginx/out" 2>&1 &
BALANCER=$!
use_address 127.0.0.1:80
await 10 get /a.bin || { diag "$(tail -n 5 "$DIR/nginx/out" "$DIR/nginx/error.log")"; exit 1; }

request_all
cached 1 2 3 >"$DIR/cached"
is "$(sort "$DIR/cached")" "$(printf '%s\n' "${NAMES[@]}" | sort)" "each file is cached by exactly one node"
accepted=0
for i in 1 2 3; do
	curl -sS --unix-socket "$DIR/node$i.admin" http://x/metrics >"$DIR/metrics"
	accepted=$((accepted + $(sed -n 's/^ranged_connections_accepted_total //p' "$DIR/metrics")))
done
at_most $accepted $((${#NAMES[@]} * 3 / 2)) "connections to the nodes are reused"
get /page.html -H 'Accept-Encoding: gzip'
is "$(header ETag) $(header Content-Encoding)" "$(etag_of "$ROOT/page.html") " "nginx does not compress"
check_http2 nginx
use_address 127.0.0.1:80

start_load faults=1
kill_node 2
verified_more() { [ "$(grep -cE ' (200|206) ' "$DIR/node1.access")" -gt "$1" ]; }
await 10 verified_more $(($(grep -cE ' (200|206) ' "$DIR/node1.access") + 200))
start_node 2
end_kill

start_load
for i in 1 2 3; do
	stop_node $i
	is $? 0 "rolling restart: node $i drains"
	start_node $i
done
stop_load
no_failures "rolling restart"
finish_fleet 1 2 3
