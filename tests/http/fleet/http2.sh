#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# HTTP/2 and HTTP/3 with conf/fleet/haproxy.cfg. A path has the same node with every version of HTTP.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../fleet.sh"
own_network haproxy openssl

make_mirrors a.bin 3000001 secure/a.bin 1000
NODE_KEYS=('location "/secure/" { https_redirect = true }')
start_nodes
start_haproxy "$FLEET/haproxy.cfg"
check_http2 HAProxy

tls=(--cacert "$DIR/cert.pem" --resolve files.example:443:127.0.0.1)
versions=(1.1 2)
if haproxy -vv | grep -q '+QUIC' && curl -V | grep -qw HTTP3; then
	versions+=(3)
else
	diag "HTTP/3 is not tested: HAProxy or curl does not support it"
fi
owners() { # QUERY: prints the node of each path that was requested with this query
	local i
	for i in 1 2 3; do grep -oE "/key-[0-9]+[?]$1 " "$DIR/node$i.access" | sed "s/[?].*/ node$i/"; done | sort
}
all_logged() { [ "$(owners "$version" | wc -l)" = 30 ]; }
for version in "${versions[@]}"; do
	is "$(curl -sS -o "$BODY" "${tls[@]}" "--http$version" -r 5-1000004 -w '%{http_version} %{http_code}' https://files.example/a.bin)" \
		"$version 206" "a range over HTTP/$version"
	cmp_range a.bin 5 1000004 "the range over HTTP/$version is correct"
	curl -sS -o /dev/null "${tls[@]}" "--http$version" "https://files.example/key-[1-30]?$version"
	ok "30 requests over HTTP/$version reach the nodes" await 5 all_logged
	owners "$version" >"$DIR/owners.$version"
	ok "HTTP/$version: each path has the same node as with HTTP/1.1" cmp "$DIR/owners.1.1" "$DIR/owners.$version"
done
finish_fleet 1 2 3
