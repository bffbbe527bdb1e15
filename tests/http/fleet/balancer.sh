#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# conf/fleet/haproxy.cfg with three nodes on mirrors: entity tags, one cached copy of each file, and no failed request
# while a node is killed and while all nodes are restarted. A download continues on another node.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../verify.sh"
. "$(dirname "$0")/../fleet.sh"
own_network haproxy

files=(slow/large.bin 8000000)
for i in $(seq 30); do files+=("file$i.bin" $((i * 9001))); done
make_mirrors "${files[@]}"
NODE_KEYS=('location "/slow/" { rate = 4M }')
start_nodes
start_haproxy "$FLEET/haproxy.cfg"

tags() { # ADDRESS: prints the entity tag of each file
	curl -sSI "${NAMES[@]/#/http://$1/}" | grep -i '^etag:' | tr -d '\r'
}
tags 127.0.0.2:8080 >"$DIR/tags"
is "$(sort -u "$DIR/tags" | wc -l)" ${#NAMES[@]} "each file has an entity tag"
for address in 127.0.0.3:8080 127.0.0.4:8080 127.0.0.1; do
	ok "$address has the same entity tags" diff -i "$DIR/tags" <(tags $address)
done

request_all
for i in 1 2 3; do
	cached $i >"$DIR/cached$i"
	at_least "$(wc -l <"$DIR/cached$i")" 3 "node $i caches some of the files"
done
is "$(sort "$DIR/cached"[123])" "$(printf '%s\n' "${NAMES[@]}" | sort)" "each file is cached by exactly one node"

curl -sSI "$URL/slow/large.bin" >/dev/null
asked() { owner=$(nodes_with 'HEAD /slow/large.bin') && [ -n "$owner" ]; }
await 5 asked
tag=$(etag_of "$ROOT/slow/large.bin")
curl -sS -H "If-Range: $tag" -r 0- -o "$DIR/part" "$URL/slow/large.bin" 2>"$DIR/curl" & download=$!
enough() { [ "$(size_of "$DIR/part")" -gt 1000000 ]; }
await 10 enough
start_load faults=1
kill_node "$owner"
wait $download
is $? 18 "a download from a node that is killed ends early"
size=$(size_of "$DIR/part")
at_most "$size" 7999999 "a part is missing"
get /slow/large.bin -r "$size-" -H "If-Range: $tag"
is "$STATUS" 206 "the download continues on another node"
cat "$BODY" >>"$DIR/part"
cmp_whole slow/large.bin "the parts of two nodes are the file" "$DIR/part"
one_down() { [[ $(states) == *DOWN* ]]; }
ok "HAProxy notices the killed node" await 10 one_down
start_node "$owner"
ok "the node is up again" await 10 states_are "UP UP UP"
end_kill

start_load
for i in 1 2 3; do
	stop_node $i
	is $? 0 "rolling restart: node $i drains"
	start_node $i
	ok "node $i is up again" await 10 states_are "UP UP UP"
done
stop_load
no_failures "rolling restart"

# A fourth node takes its share of the paths, and no path moves between the other nodes.
owners() { # QUERY: requests 400 paths, and prints the node of each of them
	local i
	curl -sS -o /dev/null "$URL/key-[1-400]?$1"
	await 5 logged "?$1" 400
	for i in 1 2 3 4; do
		[ ! -e "$DIR/node$i.access" ] || grep -oE "/key-[0-9]+[?]$1 " "$DIR/node$i.access" | sed "s/[?].*/ node$i/"
	done | sort
}
logged() { [ "$(cat "$DIR"/node*.access | grep -cF "$1")" -ge "$2" ]; }
owners before >"$DIR/owners3"
stop_balancer
start_node 4
sed 's|^ *server node3 .*|&\n    server node4 127.0.0.5:8080 id 4|' "$FLEET/haproxy.cfg" >"$DIR/four.cfg"
start_haproxy "$DIR/four.cfg" "UP UP UP UP"
owners after >"$DIR/owners4"
is "$(wc -l <"$DIR/owners3") $(wc -l <"$DIR/owners4")" "400 400" "each request has one node"
moved=$(comm -13 "$DIR/owners3" "$DIR/owners4" | grep -c ' node4')
is "$moved" "$(comm -13 "$DIR/owners3" "$DIR/owners4" | wc -l)" "paths move only to the new node"
at_least "$moved" 60 "the new node has its share of the paths"
at_most "$moved" 160 "the other paths stay at their nodes"
diag "$moved of 400 paths moved to the fourth node; before: $(cut -d ' ' -f 2 "$DIR/owners3" | sort | uniq -c | xargs)"
finish_fleet 1 2 3 4
